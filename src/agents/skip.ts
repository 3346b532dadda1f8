/** Thrown by a decoder: there is nothing to do for an agent. The message is done without a run. */
export class Skip extends Error {
  override readonly name = "Skip";
}
