/**
 * What "queuehand" is to a module agent in a process of its own: of the public surface the part that agents use. The
 * whole would bring the worker and its SDK along, five times what the process costs to start.
 */
export { defineHandler } from "./agents/define-handler.js";
export { Defer, Reject, Retry } from "./pipeline/outcome.js";
