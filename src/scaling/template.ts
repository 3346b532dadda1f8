import { parseDocument } from "yaml";

/** A template or a policy that can't be read. Each fault names its place; nothing is guessed. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  constructor(readonly faults: readonly string[]) {
    super(faults.join("\n"));
  }
}

type Json = Readonly<Record<string, unknown>>;

/** A resource with its intrinsic functions carried out; one whose condition doesn't hold is left out. */
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

/** CloudFormation's short forms, each as the long one. */
const TAGS = ["Ref", "Sub", "If", "Equals", "Not", "And", "Or", "GetAtt", "Condition", "Contains"].flatMap((name) => {
  const key = name === "Ref" || name === "Condition" ? name : `Fn::${name}`;
  const long = (value: unknown) => ({ [key]: value });
  return [
    { tag: `!${name}`, resolve: long },
    { tag: `!${name}`, collection: "seq" as const, resolve: (node: { toJSON(): unknown }) => long(node.toJSON()) },
  ];
});

/** Marks what AWS::NoValue removes. */
const NO_VALUE = Symbol("AWS::NoValue");

/**
 * Reads a CloudFormation template, puts parameters in and carries its functions out.
 * @param overrides values by parameter; the others take their default, or their name in angle brackets without one.
 * @throws TemplateError naming the line that is no YAML, an unknown parameter or a value that it doesn't allow, a rule
 *   that is broken, or a function that isn't simulated.
 */
export function readTemplate(text: string, name: string, overrides: Readonly<Record<string, string>> = {}): Template {
  const document = parseYaml(text, name);
  const parameters = parameterValues(section(document, "Parameters"), overrides, name);
  const conditions = new Map<string, boolean>();
  const scope: Scope = {
    name,
    parameters,
    condition(id) {
      const known = conditions.get(id);
      if (known !== undefined) return known;
      const definition = section(document, "Conditions")[id];
      if (definition === undefined) throw new TemplateError([`${name}: there is no condition ${id}`]);
      const holds = truth(resolve(definition, scope));
      conditions.set(id, holds);
      return holds;
    },
  };
  checkRules(section(document, "Rules"), scope);
  const resources: Resource[] = [];
  for (const [id, value] of Object.entries(section(document, "Resources"))) {
    const { Type, Condition, Properties } = value as { Type?: unknown; Condition?: unknown; Properties?: unknown };
    if (typeof Condition === "string" && !scope.condition(Condition)) continue;
    // Only what scales is looked into: functions in other resources are none of this reader's business.
    const read = /^AWS::(ApplicationAutoScaling|CloudWatch)::/.test(String(Type));
    const properties = read ? (resolve(Properties ?? {}, { ...scope, name: `${name}: ${id}` }) as Json) : {};
    resources.push({ id, type: String(Type), properties });
  }
  return { parameters, resources };
}

function parseYaml(text: string, name: string): Json {
  const document = parseDocument(text, { customTags: (tags) => [...tags, ...(TAGS as never[])], merge: true });
  // A tag that isn't known is a warning to the parser, and a hole in the template to us.
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) throw new TemplateError([`${name}: ${fault.message.split("\n")[0]}`]);
  const value: unknown = document.toJS();
  if (typeof value === "object" && value !== null && "Resources" in value) return value as Json;
  throw new TemplateError([`${name}: a CloudFormation template has Resources, and this has none`]);
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

interface Scope {
  /** The place, for messages. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  condition(id: string): boolean;
}

function checkRules(rules: Json, scope: Scope): void {
  const faults: string[] = [];
  for (const value of Object.values(rules)) {
    const { RuleCondition, Assertions } = value as { RuleCondition?: unknown; Assertions: readonly Json[] };
    if (RuleCondition !== undefined && !truth(resolve(RuleCondition, scope))) continue;
    for (const { Assert, AssertDescription } of Assertions) {
      if (!truth(resolve(Assert, scope))) faults.push(`${scope.name}: ${AssertDescription}`);
    }
  }
  if (faults.length > 0) throw new TemplateError(faults);
}

const truth = (value: unknown) => value === true || value === "true";

function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [key, argument] = entries[0] ?? [];
  if (entries.length === 1 && (key === "Ref" || key === "Condition" || key?.startsWith("Fn::"))) {
    return call(key, argument, scope);
  }
  return Object.fromEntries(
    entries.map(([name, item]) => [name, resolve(item, scope)] as const).filter(([, item]) => item !== NO_VALUE),
  );
}

function call(key: string, argument: unknown, scope: Scope): unknown {
  const args = () => (argument as readonly unknown[]).map((item) => resolve(item, scope));
  switch (key) {
    case "Ref":
      return argument === "AWS::NoValue" ? NO_VALUE : (scope.parameters[String(argument)] ?? `<${argument}>`);
    case "Condition":
      return scope.condition(String(argument));
    case "Fn::Sub":
      if (typeof argument !== "string") throw new TemplateError([`${scope.name}: Fn::Sub with a map is not simulated`]);
      return argument.replace(/\$\{([^}!]+)\}/g, (_, id: string) => scope.parameters[id] ?? `<${id}>`);
    case "Fn::GetAtt":
      return `<${Array.isArray(argument) ? argument.join(".") : argument}>`;
    case "Fn::If": {
      const [id, yes, no] = argument as [string, unknown, unknown];
      return resolve(scope.condition(id) ? yes : no, scope);
    }
    case "Fn::Equals": {
      const [left, right] = args();
      return String(left) === String(right);
    }
    case "Fn::Contains": {
      const [list, item] = args() as [readonly unknown[], unknown];
      return list.map(String).includes(String(item));
    }
    case "Fn::Not":
      return !truth(args()[0]);
    case "Fn::And":
      return args().every(truth);
    case "Fn::Or":
      return args().some(truth);
    default:
      throw new TemplateError([`${scope.name}: the function ${key} is not simulated`]);
  }
}
