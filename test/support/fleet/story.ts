import type { Remains } from "./remains.js";
import type { Violation } from "./violation.js";

interface Event {
  readonly at: number;
  readonly text: string;
}

/** One line for a violation, and below it what happened to its message. */
export function storyOf({ climate, ledger, queue, startedAt }: Remains, { kind, messageId, text }: Violation): string {
  const head = `seed ${climate.seed}: ${messageId ? `${messageId}: ` : ""}${kind}: ${text}`;
  if (!messageId) return [head, ...linesOf(ledger.story, startedAt)].join("\n");
  const moved = queue.deadLetters
    .filter(({ id, by }) => id === messageId && by === "redrive")
    .map(({ at }) => ({ at, text: "moved to the dead letters by the queue" }));
  const events = [...ledger.of(messageId).story, ...moved].sort((a, b) => a.at - b.at);
  return [head, ...linesOf(events, startedAt)].join("\n");
}

/** Everything about a fleet but its messages. */
export function storyOfFleet({ climate, ledger, startedAt }: Remains): string {
  return [JSON.stringify(climate), ...linesOf(ledger.story, startedAt)].join("\n");
}

/** The same thing several times in a row is one line. */
function linesOf(events: readonly Event[], startedAt: number): string[] {
  const lines: string[] = [];
  for (let first = 0; first < events.length; ) {
    const { at, text } = events[first]!;
    let next = first + 1;
    while (events[next]?.text === text) next++;
    const times =
      next - first > 1 ? ` (${next - first} times, the last at ${secondsOf(events[next - 1]!, startedAt)} s)` : "";
    lines.push(`  ${secondsOf({ at, text }, startedAt).padStart(8)} s  ${text}${times}`);
    first = next;
  }
  return lines;
}

const secondsOf = ({ at }: Event, startedAt: number) => ((at - startedAt) / 1000).toFixed(3);
