import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Context } from "./context.js";
import type { Message } from "./message.js";
import type { AgentUses } from "./message-uses.js";

/** A function that works on one message: returning is success, throwing is a retry. */
export type AgentFunction<Body = unknown> = (message: Message<Body>, context: Context) => unknown;

/** A message as a decoder sees it: all but the body that it is to make. */
export type Undecoded = Omit<Message, "body">;

export interface HandlerDefinition<Schema extends StandardSchemaV1 | undefined = undefined, Decoded = unknown> {
  /**
   * Makes the body of what was sent; JSON when it parses, else the string, if unset. Throwing rejects the message, except
   * for Retry and Defer, and for Skip: then there is nothing to do, and the message is done.
   */
  readonly decode?: (raw: string, message: Undecoded) => Decoded | Promise<Decoded>;
  /** A body that fails it is rejected with the issues as the reason. Any Standard Schema: zod, valibot, arktype, ... */
  readonly schema?: Schema;
  /** What each message takes of which of BUDGETS before it is run: `{ openai: 1, "openai.tokens": (message) => estimate }`. */
  readonly uses?: AgentUses;
  readonly handle: AgentFunction<Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : Decoded>;
}

/** An agent with a decoder before it, or none; `body` has the type that is named (`defineHandler<Order>`) or decoded to. */
export function defineHandler<Body = unknown>(
  definition: HandlerDefinition<undefined, Body>,
): HandlerDefinition<undefined, Body>;
/** An agent with a schema before it; `body` has the schema's type. */
export function defineHandler<Schema extends StandardSchemaV1, Decoded = unknown>(
  definition: HandlerDefinition<Schema, Decoded>,
): HandlerDefinition<Schema, Decoded>;
export function defineHandler(definition: HandlerDefinition<undefined>): HandlerDefinition<undefined> {
  if (typeof definition?.handle !== "function") throw new TypeError("defineHandler needs a handle function");
  checkUses(definition.uses);
  return definition;
}

function checkUses(uses: unknown): void {
  if (uses === undefined) return;
  if (typeof uses !== "object" || uses === null) throw new TypeError("uses is an object of budgets and amounts");
  for (const [name, use] of Object.entries(uses)) {
    if (typeof use !== "number" && typeof use !== "function") {
      throw new TypeError(`uses of ${name} is a number or a function of the message, got ${typeof use}`);
    }
  }
}

/** What a module may export as its agent. */
// biome-ignore lint/suspicious/noExplicitAny: an agent's own body type must fit
export type Agent = AgentFunction<any> | HandlerDefinition<any, any>;
