import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { DeclaredUses } from "../pipeline/ports/budget.js";
import type { Ended, Handler, OpenedMessage, Run } from "../pipeline/ports/handler.js";
import type { Identifier } from "../pipeline/ports/idempotency.js";
import { done, type Outcome, outcomeOfError } from "../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import { described, isError, read } from "../pipeline/ports/thrown.js";
import { type ContextParts, contextOf } from "./context.js";
import type { Agent, HandlerDefinition } from "./define-handler.js";
import { agentMessage, bodyOf, type Message, undecodedMessage } from "./message.js";
import { declaredUses } from "./message-uses.js";

type Decode = NonNullable<HandlerDefinition["decode"]>;

/** Runs a module's agent in the worker's own process: the cheapest way, and one where agents share one event loop. */
export class InProcessHandler implements Handler {
  readonly #definition: HandlerDefinition<StandardSchemaV1 | undefined>;
  readonly #parts: ContextParts;

  constructor(agent: Agent, parts: ContextParts) {
    this.#definition = typeof agent === "function" ? { handle: agent } : agent;
    this.#parts = parts;
  }

  get uses(): DeclaredUses | undefined {
    return declaredUses(this.#definition.uses);
  }

  async stop(): Promise<void> {
    this.#parts.role?.close();
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const { decode, schema } = this.#definition;
    if (!decode && !schema) return this.#handled(message, undecodedMessage(message), run);
    const body = decode ? await this.#decoded(message, decode) : bodyOf(message);
    if (body instanceof Undecodable) return body.outcome;
    return this.#checked(message, body, run);
  }

  open(message: ReceivedMessage, _run: Run, identifier: Identifier): Promise<OpenedMessage | Ended> | undefined {
    const { decode } = this.#definition;
    return decode && this.#open(message, decode, identifier);
  }

  async #open(message: ReceivedMessage, decode: Decode, identifier: Identifier): Promise<OpenedMessage | Ended> {
    const body = await this.#decoded(message, decode);
    if (body instanceof Undecodable) return { ended: body.outcome };
    return {
      identity: identifier.identify(message, { body }),
      run: (run) => this.#checked(message, body, run),
      drop: async () => {},
    };
  }

  async #decoded(message: ReceivedMessage, decode: Decode): Promise<unknown> {
    try {
      return await decode(message.body, agentMessage(message, undefined));
    } catch (error) {
      return new Undecodable(outcomeUndecoded(error));
    }
  }

  async #checked(message: ReceivedMessage, decoded: unknown, run: Run): Promise<Outcome> {
    const { schema } = this.#definition;
    let body = decoded;
    try {
      if (schema) {
        const result = await schema["~standard"].validate(body);
        if (result.issues) return { kind: "reject", reason: reasonOf(result.issues) };
        body = result.value;
      }
    } catch (error) {
      return outcomeOfError(error);
    }
    return this.#handled(message, agentMessage(message, body), run);
  }

  async #handled(received: ReceivedMessage, message: Message, run: Run): Promise<Outcome> {
    try {
      await this.#definition.handle(message, contextOf(run, received, this.#parts));
      return done;
    } catch (error) {
      return outcomeOfError(error);
    }
  }
}

/** In a body's place: how a message ended that could not be decoded. */
class Undecodable {
  constructor(readonly outcome: Outcome) {}
}

/** Unlike an agent that fails, a decoder that does will do so again. */
function outcomeUndecoded(error: unknown): Outcome {
  const { name, message } = described(error);
  switch (isError(error) && name) {
    case "Skip":
      return done;
    case "Retry":
    case "Reject":
    case "Busy":
      return outcomeOfError(error);
    case "Defer": {
      const outcome = outcomeOfError(error);
      const awaitsRun = outcome.kind === "defer" && isError(error) && read(error, "awaitsRun") === true;
      return awaitsRun ? { ...outcome, awaitsRun } : outcome;
    }
    default:
      return { kind: "reject", reason: `the body can't be decoded: ${message}` };
  }
}

const ISSUES_MAX = 10;

/** `the body fails its schema: order.id: expected string; ...`: paths and what was wrong, never the values. */
function reasonOf(issues: readonly StandardSchemaV1.Issue[]): string {
  const lines = issues.slice(0, ISSUES_MAX).map(({ path, message }) => {
    const keys = path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return keys ? `${keys}: ${message}` : message;
  });
  const more = issues.length - lines.length;
  return `the body fails its schema: ${lines.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}
