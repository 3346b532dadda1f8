import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ScalingDefinition } from "../../scaling/policy.js";
import { readScalingTemplate } from "../../scaling/policy-file.js";
import { TemplateError } from "../../scaling/template-error.js";
import { type Typed, UsageError } from "../command-line.js";
import { CommandError } from "../failure.js";
import { readText } from "../input-file.js";

/** A simulation asks how many tasks a load needs; only ECS's own quota is to stand in its way. */
const MAX_TASKS = "5000";

/** The template that comes with this package. */
const OWN = join("infra", "scaling.yaml");

/** The policy of `--policy` under the parameters of `--set`, ours as each of so many services on a queue has it. @throws CommandError with every fault of the template. */
export async function policyOf(typed: Typed, services: number): Promise<ScalingDefinition> {
  const asked = typed.text("policy");
  const path = asked ?? ownTemplate();
  const overrides = overridesOf(typed.texts("set"));
  const text = await readText(path, "policy");
  // A template of somebody else may have no such parameters.
  const own = asked === undefined ? { MaxTasks: MAX_TASKS, FleetServices: String(services) } : {};
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

/** Found upwards from here: this file lies at different depths in the package and in a build of its tests. */
export function ownTemplate(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, OWN);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) throw new CommandError(`${OWN} is not in this package; name one with --policy`);
  }
}
