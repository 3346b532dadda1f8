import { resolve, type Scope, truth } from "./intrinsics.js";
import { TemplateError } from "./template-error.js";
import { type Json, parseTemplate } from "./template-yaml.js";

/** A resource that scales, with its functions carried out; one whose condition doesn't hold is left out. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: Json;
}

/** A CloudFormation template under certain parameters. */
export interface Template {
  readonly parameters: Readonly<Record<string, string>>;
  readonly resources: readonly Resource[];
}

/**
 * Reads a CloudFormation template, puts parameters in and carries its functions out.
 * @param overrides values by parameter; the others take their default, or their name in angle brackets without one.
 * @throws TemplateError naming the line that is no YAML, an unknown parameter or a value that it doesn't allow, a rule
 *   that is broken, or a condition of a scaling resource that can't be known.
 */
export function readTemplate(text: string, name: string, overrides: Readonly<Record<string, string>> = {}): Template {
  const document = parseTemplate(text, name);
  const parameters = parameterValues(section(document, "Parameters"), overrides, name);
  const conditions = new Map<string, boolean>();
  const scope: Scope = {
    name,
    parameters,
    mappings: section(document, "Mappings"),
    condition(id) {
      const known = conditions.get(id);
      if (known !== undefined) return known;
      const definition = section(document, "Conditions")[id];
      if (definition === undefined) throw new TemplateError([`${name}: there is no condition ${id}`]);
      const holds = truth(resolve(definition, scope));
      conditions.set(id, holds);
      return holds;
    },
    unknown(what) {
      throw new TemplateError([`${name}: ${what} is not simulated`]);
    },
  };
  checkRules(section(document, "Rules"), scope);
  const resources: Resource[] = [];
  for (const [id, value] of Object.entries(section(document, "Resources"))) {
    const { Type, Condition, Properties } = value as { Type?: unknown; Condition?: unknown; Properties?: unknown };
    // Only what scales is looked into: functions and conditions of other resources are none of this reader's business.
    if (!/^AWS::(ApplicationAutoScaling|CloudWatch)::/.test(String(Type))) continue;
    if (typeof Condition === "string" && !scope.condition(Condition)) continue;
    // A value that only a deployment knows may stand where nothing is read, such as in a description.
    const place: Scope = { ...scope, name: `${name}: ${id}`, unknown: (what) => `<${what}>` };
    resources.push({ id, type: String(Type), properties: resolve(Properties ?? {}, place) as Json });
  }
  return { parameters, resources };
}

const section = (document: Json, key: string) => (document[key] ?? {}) as Json;

interface Parameter {
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
  readonly MinValue?: number;
  readonly MaxValue?: number;
}

function parameterValues(declared: Json, overrides: Readonly<Record<string, string>>, name: string) {
  const faults: string[] = [];
  for (const key of Object.keys(overrides)) {
    if (!Object.hasOwn(declared, key)) {
      faults.push(`${name}: there is no parameter ${key}; there are ${Object.keys(declared).join(", ")}`);
    }
  }
  const values = Object.entries(declared).map(([key, declaration]) => {
    const { Default, AllowedValues, MinValue, MaxValue } = declaration as Parameter;
    const value = overrides[key] ?? (Default === undefined ? `<${key}>` : String(Default));
    if (AllowedValues && !AllowedValues.map(String).includes(value)) {
      faults.push(`${name}: ${key} must be one of ${AllowedValues.join(", ")}, got "${value}"`);
    }
    const below = MinValue !== undefined && !(Number(value) >= MinValue);
    if (below || (MaxValue !== undefined && !(Number(value) <= MaxValue))) {
      faults.push(`${name}: ${key} must be between ${MinValue ?? "any"} and ${MaxValue ?? "any"}, got "${value}"`);
    }
    return [key, value] as const;
  });
  if (faults.length > 0) throw new TemplateError(faults);
  return Object.fromEntries(values);
}

function checkRules(rules: Json, scope: Scope): void {
  const faults: string[] = [];
  for (const value of Object.values(rules)) {
    const { RuleCondition, Assertions } = value as { RuleCondition?: unknown; Assertions: readonly Json[] };
    if (RuleCondition !== undefined && !holds(RuleCondition, scope)) continue;
    for (const { Assert, AssertDescription } of Assertions) {
      if (holds(Assert, scope) === false) faults.push(`${scope.name}: ${AssertDescription}`);
    }
  }
  if (faults.length > 0) throw new TemplateError(faults);
}

/** Undefined where only a deployment can tell, such as a rule on the VPCs that there are. */
function holds(rule: unknown, scope: Scope): boolean | undefined {
  try {
    return truth(resolve(rule, scope));
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}
