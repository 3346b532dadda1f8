import { join } from "node:path";
import { packageFile } from "../../package/own-files.js";
import type { ScalingDefinition } from "../../scaling/policy.js";
import { readScalingTemplate } from "../../scaling/policy-file.js";
import { TemplateError } from "../../scaling/template-error.js";
import { type Typed, UsageError } from "../command-line.js";
import { CommandError } from "../failure.js";
import { readText } from "../input-file.js";

/** A simulation asks how many tasks a load needs; only ECS's own quota is to stand in its way. */
const TASKS_MAX = 5000;

/** The template that comes with this package. */
const OWN = join("infra", "scaling.yaml");

/** The policy of `--policy` under the parameters of `--set`, ours as each of so many services on a queue has it, with a ceiling where none is set. @throws CommandError with every fault of the template. */
export async function policyOf(typed: Typed, services: number, maxTasks = TASKS_MAX): Promise<ScalingDefinition> {
  const asked = typed.text("policy");
  const path = asked ?? ownTemplate();
  const overrides = overridesOf(typed.texts("set"));
  const text = await readText(path, "policy");
  // A template of somebody else may have no such parameters.
  const own = asked === undefined ? { MaxTasks: String(maxTasks), FleetServices: String(services) } : {};
  try {
    return { ...readScalingTemplate(text, path, { ...own, ...overrides }), name: asked ?? OWN };
  } catch (error) {
    if (error instanceof TemplateError) throw new CommandError(error.message);
    throw error;
  }
}

function overridesOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw new UsageError(`--set needs NAME=VALUE, got "${text}"`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** @throws CommandError if the package came without it. */
export function ownTemplate(): string {
  const path = packageFile(OWN);
  if (path === undefined) throw new CommandError(`${OWN} is not in this package; name one with --policy`);
  return path;
}
