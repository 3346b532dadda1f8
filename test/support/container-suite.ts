import { describe } from "@jest/globals";
import { dockerReason } from "./docker.js";

const reason = await dockerReason();

/** A `describe` block whose tests need a Docker engine: skipped with the reason in its name where none answers. */
export function containerSuite(name: string, body: () => void): void {
  if (reason === undefined) describe(name, body);
  else describe.skip(`${name} (skipped: ${reason})`, body);
}
