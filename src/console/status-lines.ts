import { OUTCOME_KINDS, type OutcomeKind } from "../pipeline/ports/outcome.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";

/** What the status of `dev` tells at a glance. */
export interface StatusView {
  readonly worker: WorkerStatus;
  /** Messages that wait in the queue; undefined while it isn't known. */
  readonly waiting: number | undefined;
  readonly deadLetters: number | undefined;
  readonly handledPerSecond: number;
  /** Milliseconds from sent to agent started. */
  readonly inQueueMs: { readonly p50: number; readonly p99: number };
  readonly outcomes: Readonly<Record<OutcomeKind, number>>;
  /** Of a limited number of sample messages: how many have ended. */
  readonly progress?: { readonly ended: number; readonly of: number };
}

const BAR_MAX = 20;

/** The status as two lines for a terminal; `paint` dims or colours a piece, or returns it as it is. */
export function statusLines(view: StatusView, paint: Paint): string[] {
  const { worker, waiting, deadLetters, handledPerSecond, inQueueMs } = view;
  const fields = [
    ...(view.progress ? [["ended", `${view.progress.ended}/${view.progress.of}`] as const] : []),
    ["waiting", known(waiting, worker.buffered)] as const,
    ["busy", `${bar(worker)} ${worker.busy}/${worker.slots}`] as const,
    ["handled", `${handledPerSecond.toFixed(1)}/s`] as const,
    ["in queue", `p50 ${milliseconds(inQueueMs.p50)}, p99 ${milliseconds(inQueueMs.p99)}`] as const,
  ];
  const ends = OUTCOME_KINDS.filter((kind) => kind === "done" || kind === "retry" || view.outcomes[kind] > 0).map(
    (kind) => [WORDS[kind], String(view.outcomes[kind]), kind === "done" ? "green" : "yellow"] as const,
  );
  const dead = ["dead letters", known(deadLetters), deadLetters ? "red" : "plain"] as const;
  return [
    fields.map(([name, value]) => `${paint("dim", name)} ${value}`).join("   "),
    [...ends, dead].map(([name, value, color]) => `${paint("dim", name)} ${paint(color, value)}`).join("   "),
  ];
}

/** The same as one line for a file or a pipe. */
export function statusLine(view: StatusView): string {
  return statusLines(view, (_, text) => text)
    .join("   ")
    .replace(/busy [█░]+ /, "busy ");
}

export type Color = "dim" | "green" | "yellow" | "red" | "plain";
export type Paint = (color: Color, text: string) => string;

/** Outcomes of deliveries, in the words of a reader who wants to know what happened. */
const WORDS: Readonly<Record<OutcomeKind, string>> = {
  done: "done",
  retry: "retries",
  reject: "rejected",
  defer: "deferred",
  interrupted: "interrupted",
  leaseLost: "leases lost",
};

function bar({ busy, slots }: WorkerStatus): string {
  const width = Math.min(BAR_MAX, slots);
  const full = Math.min(width, Math.ceil((busy / slots) * width));
  return "█".repeat(full) + "░".repeat(width - full);
}

const known = (count: number | undefined, more = 0) => (count === undefined ? "?" : String(count + more));

function milliseconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
