import { Token } from "aws-cdk-lib";
import { resolve, type Scope, truth } from "../scaling/intrinsics.js";
import { readTemplate } from "../scaling/template.js";
import { TemplateError } from "../scaling/template-error.js";
import { type Json, parseTemplate } from "../scaling/template-yaml.js";

/** Values by parameter; those that are undefined have the template's default. Lists have commas between them. */
export type Parameters = Readonly<Record<string, string | number | undefined>>;

interface Parameter {
  readonly Type: string;
  readonly Default?: unknown;
  readonly AllowedPattern?: string;
}

const NO_VALUE = Symbol("AWS::NoValue");

/**
 * A template of `infra/` under given parameters: its rules held, its conditions decided, the parameters put in. What is left
 * are resources that refer to each other, and values that a deployment knows.
 * @param stackName what stands for AWS::StackName, since several such templates may be in one stack.
 * @throws TemplateError naming a parameter that isn't there, a value that it doesn't take, or a rule that is broken.
 */
export function settled(text: string, name: string, given: Parameters, stackName: string): Json {
  const overrides = Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  );
  const { parameters } = readTemplate(text, name, overrides);
  const document = parseTemplate(text, name);
  const declared = document.Parameters as Readonly<Record<string, Parameter>>;
  checkPatterns(declared, overrides, name);
  const settler = new Settler(name, declared, parameters, (document.Conditions ?? {}) as Json, stackName);
  return { Resources: settler.resources(document.Resources as Json) };
}

function checkPatterns(
  declared: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, string>>,
  name: string,
) {
  const faults = Object.entries(given).flatMap(([key, value]) => {
    const { AllowedPattern } = declared[key]!;
    const fits =
      AllowedPattern === undefined || Token.isUnresolved(value) || new RegExp(`^(?:${AllowedPattern})$`).test(value);
    return fits ? [] : [`${name}: ${key} must be like ${AllowedPattern}, got "${value}"`];
  });
  if (faults.length > 0) throw new TemplateError(faults);
}

/** Puts parameters in and decides conditions, and leaves alone what only a deployment knows. */
class Settler {
  readonly #scope: Scope;

  constructor(
    name: string,
    private readonly declared: Readonly<Record<string, Parameter>>,
    private readonly values: Readonly<Record<string, string>>,
    conditions: Json,
    private readonly stackName: string,
  ) {
    this.#scope = {
      name,
      parameters: values,
      mappings: {},
      condition: (id) => truth(resolve(this.#put(conditions[id]), this.#scope)),
      unknown: (what) => {
        throw new TemplateError([`${name}: ${what} can't be known before a deployment`]);
      },
    };
  }

  resources(all: Json): Json {
    const there = Object.entries(all as Readonly<Record<string, Json>>).filter(
      ([, { Condition }]) => Condition === undefined || this.#scope.condition(String(Condition)),
    );
    return Object.fromEntries(there.map(([id, { Condition: _, ...resource }]) => [id, this.#put(resource)]));
  }

  #put(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#put(each)).filter((each) => each !== NO_VALUE);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const [[name, operand] = ["", undefined]] = entries;
    switch (entries.length === 1 ? name : "") {
      case "Ref":
        return this.#ref(String(operand));
      case "Fn::If": {
        const [condition, yes, no] = operand as [string, unknown, unknown];
        return this.#put(this.#scope.condition(condition) ? yes : no);
      }
      case "Fn::Sub":
        return Array.isArray(operand)
          ? this.#substituted(String(operand[0]), this.#put(operand[1]) as Json)
          : this.#substituted(String(operand), {});
      case "Fn::GetAtt": {
        const [, id, attribute] = /^([^.]+)\.(.+)$/.exec(String(operand))!;
        return { "Fn::GetAtt": [id, attribute] };
      }
      default:
        return Object.fromEntries(
          entries.map(([key, each]) => [key, this.#put(each)] as const).filter(([, each]) => each !== NO_VALUE),
        );
    }
  }

  #ref(id: string): unknown {
    if (id === "AWS::NoValue") return NO_VALUE;
    if (id === "AWS::StackName") return this.stackName;
    const value = this.values[id];
    if (value === undefined) return { Ref: id };
    const { Type } = this.declared[id]!;
    if (/List/.test(Type)) return value === "" ? [] : value.split(",");
    return Type === "Number" ? Number(value) : value;
  }

  /** What is put in stands in the function's own map: a value may itself be made at deployment. */
  #substituted(pattern: string, map: Json): unknown {
    const own: Record<string, unknown> = { ...map };
    const text = pattern.replace(/\$\{([A-Za-z:]+)\}/g, (whole, id: string) => {
      const value = id === "AWS::StackName" ? this.stackName : this.values[id];
      if (value === undefined || id in map) return whole;
      if (!Token.isUnresolved(value)) return value;
      const key = id.replace(/\W/g, "");
      own[key] = value;
      return `\${${key}}`;
    });
    if (!text.includes("${")) return text;
    return { "Fn::Sub": Object.keys(own).length === 0 ? text : [text, own] };
  }
}
