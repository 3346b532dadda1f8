import { TemplateError } from "./template-error.js";
import type { Json } from "./template-yaml.js";

/** What functions are carried out in: one place of a template. */
export interface Scope {
  /** The place, for messages. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly mappings: Json;
  /** @throws TemplateError where there is no such condition, or it can't be known. */
  condition(id: string): boolean;
  /** What stands for a value that only a deployment knows; @throws where nothing may. */
  unknown(what: string): unknown;
}

/** Marks what AWS::NoValue removes. */
const NO_VALUE = Symbol("AWS::NoValue");

export const truth = (value: unknown) => value === true || value === "true";

/** Carries out the functions in a value, as deep as they lie. */
export function resolve(value: unknown, scope: Scope): unknown {
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
  const args = () => resolve(argument, scope) as readonly unknown[];
  switch (key) {
    case "Ref":
      return argument === "AWS::NoValue" ? NO_VALUE : (scope.parameters[String(argument)] ?? `<${argument}>`);
    case "Condition":
      return scope.condition(String(argument));
    case "Fn::Sub":
      return substituted(argument, scope);
    case "Fn::GetAtt":
      return `<${Array.isArray(argument) ? argument.map((part) => resolve(part, scope)).join(".") : argument}>`;
    case "Fn::If": {
      const [id, yes, no] = argument as [string, unknown, unknown];
      const holds = knownCondition(id, scope);
      return holds === undefined ? scope.unknown(told(key, id)) : resolve(holds ? yes : no, scope);
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
    case "Fn::Join": {
      const [separator, list] = args();
      return Array.isArray(list) ? list.map(String).join(String(separator)) : scope.unknown(told(key, list));
    }
    case "Fn::Split": {
      const [separator, text] = args();
      return String(text).split(String(separator));
    }
    case "Fn::Select": {
      const [index, list] = args();
      return Array.isArray(list) ? list[Number(index)] : scope.unknown(told(key, list));
    }
    case "Fn::FindInMap": {
      const [map, first, second] = args();
      const found = (scope.mappings as MappingSection)[String(map)]?.[String(first)]?.[String(second)];
      return found ?? scope.unknown(told(key, `${map}.${first}.${second}`));
    }
    default:
      return scope.unknown(told(key, argument));
  }
}

function knownCondition(id: string, scope: Scope): boolean | undefined {
  try {
    return scope.condition(id);
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

type MappingSection = Readonly<Record<string, Readonly<Record<string, Json>> | undefined>>;

const told = (key: string, argument: unknown) => (typeof argument === "string" ? `${key} ${argument}` : key);

/** `${Id}` and `${Id.Attribute}` by the function's own map, a parameter, or a name in angle brackets; `${!Text}` stays. */
function substituted(argument: unknown, scope: Scope): string {
  const [text, own] = (Array.isArray(argument) ? argument : [argument]) as [unknown, Json | undefined];
  const values = resolve(own ?? {}, scope) as Json;
  return String(text).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, id: string) =>
    literal ? `\${${id}}` : String(values[id] ?? scope.parameters[id] ?? `<${id}>`),
  );
}
