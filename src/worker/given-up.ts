import type { Snapshot } from "../observe/snapshot.js";

/** What a stop that was not clean has cost, in words; `runOn` agents run on. */
export function givenUp(before: Snapshot, { settled, released }: Snapshot, runOn: number): string {
  const aborted = settled.interrupted - before.settled.interrupted;
  const givenBack = aborted + released - before.released;
  return `work was given up at the stop; agents aborted: ${aborted + runOn}, still running: ${runOn}, messages given back: ${givenBack}`;
}
