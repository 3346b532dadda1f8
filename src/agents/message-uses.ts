import { isPromise } from "node:util/types";
import { type DeclaredUses, ESTIMATED } from "../pipeline/ports/budget.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import { type Message, undecodedMessage } from "./message.js";

/**
 * What each message takes of which budget before its run: a number, or what a function says of the message. Its body is
 * JSON when it parses, else the string: a decoder and a schema have not seen it.
 */
export type AgentUses = Readonly<Record<string, number | ((message: Message) => number)>>;

/** The same for messages as they come. */
export function declaredUses(uses: AgentUses | undefined): DeclaredUses | undefined {
  if (uses === undefined) return undefined;
  const entries = Object.entries(uses).map(([name, use]) => [
    name,
    typeof use === "function" ? (message: ReceivedMessage) => unawaited(use(undecodedMessage(message))) : use,
  ]);
  return Object.fromEntries(entries);
}

/** A promise is no amount, and said so; but it is nobody's then, and must not end the process when it rejects. */
function unawaited<Amount>(amount: Amount): Amount {
  if (isPromise(amount)) amount.catch(() => {});
  return amount;
}

/** Of declared uses what can be told to another process: a function as `true`. */
export function usesToWire(uses: DeclaredUses | undefined): Readonly<Record<string, number | true>> | undefined {
  if (uses === undefined) return undefined;
  return Object.fromEntries(Object.entries(uses).map(([name, use]) => [name, typeof use === "number" ? use : true]));
}

/**
 * What of them is charged before a run. `asked`: its process is asked first what it estimates; else, before the run, of what
 * it has yet to estimate nothing is taken but the wait.
 */
export function usesFromWire(uses: unknown, asked: boolean): DeclaredUses | undefined {
  if (typeof uses !== "object" || uses === null) return undefined;
  return Object.fromEntries(
    Object.entries(uses).map(([name, use]) => [name, use === true ? (asked ? ESTIMATED : 0) : use]),
  );
}
