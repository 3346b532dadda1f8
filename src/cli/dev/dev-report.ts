/** What became of the messages of one `dev`. */
export interface DevReport {
  readonly sent: number;
  readonly done: number;
  /** Messages that were tried again at least once, whatever became of them. */
  readonly retried: number;
  readonly rejected: number;
  readonly deadLettered: number;
  readonly elapsedMs: number;
}

/** The same for people. */
export function inWords({ sent, done, retried, rejected, deadLettered, elapsedMs }: DevReport): string {
  const seconds = (elapsedMs / 1_000).toFixed(1);
  const left = Math.max(0, sent - done - deadLettered);
  const facts = [
    `${sent} sent`,
    `${done} done`,
    `${retried} retried`,
    `${rejected} rejected`,
    `${deadLettered} dead letter${deadLettered === 1 ? "" : "s"}`,
    ...(left > 0 ? [`${left} not ended`] : []),
  ];
  return `\nIn ${seconds} s: ${facts.join(", ")}.`;
}
