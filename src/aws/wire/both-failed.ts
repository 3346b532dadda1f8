import { words } from "../../pipeline/ports/thrown.js";
import { Refusal } from "./refusal.js";

/** A call that our own wire was refused and that the SDK's client couldn't make either. What it comes to is the latter's to say. */
export class BothFailed extends Error {
  constructor(
    readonly bySdk: unknown,
    readonly byWire: unknown,
  ) {
    super(`${toldOf(bySdk)} (by the SDK's client); ${words(byWire)} (by our own wire)`, { cause: bySdk });
    this.name = bySdk instanceof Error ? bySdk.name : "Error";
  }
}

/** What an error says besides its name. */
const toldOf = (error: unknown) => (error instanceof Error ? error.message : words(error));

/** The refusal that an error is, or that it comes to. */
export function refusalIn(error: unknown): Refusal | undefined {
  const last = error instanceof BothFailed ? error.bySdk : error;
  return last instanceof Refusal ? last : undefined;
}
