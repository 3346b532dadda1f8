/** A load that can't be read. The message names what was given, and for a trace the line. */
export class LoadError extends Error {
  override readonly name = "LoadError";
}
