/**
 * What "queuehand" is to a module agent in a process of its own: of the public surface the part that agents use. The
 * whole would bring the worker and its SDK along, five times what the process costs to start.
 */
export { decodeAs } from "./agents/decoded/decode-as.js";
export { defineHandler } from "./agents/define-handler.js";
export { eventBridge } from "./agents/events/event-bridge.js";
export { s3Objects, s3ObjectsFrom } from "./agents/events/s3-objects.js";
export { snsBody } from "./agents/events/sns-body.js";
export { webhook } from "./agents/events/webhook.js";
export { busyIf, pauseOf } from "./agents/provider-word.js";
export { Skip } from "./agents/skip.js";
export { Busy, Defer, Reject, Retry } from "./pipeline/ports/outcome.js";
