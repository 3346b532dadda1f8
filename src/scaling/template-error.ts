/** A template or a policy that can't be read. Each fault names its place; nothing is guessed. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  constructor(readonly faults: readonly string[]) {
    super(faults.join("\n"));
  }
}
