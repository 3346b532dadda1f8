import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** Any value of a template, in which functions have their long form. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
export type Section = Readonly<Record<string, { readonly [key: string]: Value }>>;

export interface Parameter {
  readonly Type: string;
  readonly Default?: string | number;
  readonly AllowedValues?: readonly (string | number)[];
  readonly AllowedPattern?: string;
  readonly MinValue?: number;
  readonly MaxValue?: number;
  readonly Description?: string;
}

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Metadata?: Readonly<Record<string, Value>>;
  readonly Properties?: Readonly<Record<string, Value>>;
  readonly [key: string]: unknown;
}

/** A template of `infra/`, as it stands in its file. */
export interface Template {
  readonly name: string;
  readonly text: string;
  readonly Description: string;
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Rules?: Readonly<Record<string, Rule>>;
  readonly Conditions?: Readonly<Record<string, Value>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Section;
}

interface Rule {
  readonly RuleCondition?: Value;
  readonly Assertions: readonly { readonly Assert: Value; readonly AssertDescription: string }[];
}

/** Every template, the one that nests the others last. */
export const TEMPLATES = [
  "network",
  "queue",
  "table",
  "cluster",
  "task",
  "service",
  "scaling",
  "observability",
  "sources",
  "lambda",
  "keeper",
  "budget",
  "root",
] as const;
export type TemplateName = (typeof TEMPLATES)[number];

const FUNCTIONS = ["Sub", "If", "Equals", "Not", "And", "Or", "GetAtt", "Join", "Select", "Split", "Cidr", "GetAZs"];

/** CloudFormation's short forms, each read as the long one. */
const TAGS = ["Ref", "Condition", ...FUNCTIONS].flatMap((name) => {
  const key = FUNCTIONS.includes(name) ? `Fn::${name}` : name;
  const long = (value: unknown) => ({
    [key]: key === "Fn::GetAtt" && typeof value === "string" ? attribute(value) : value,
  });
  const node = (value: { toJSON(): unknown }) => long(value.toJSON());
  return [
    { tag: `!${name}`, resolve: long },
    { tag: `!${name}`, collection: "seq" as const, resolve: node },
    { tag: `!${name}`, collection: "map" as const, resolve: node },
  ];
});

function attribute(path: string): [string, string] {
  const dot = path.indexOf(".");
  return [path.slice(0, dot), path.slice(dot + 1)];
}

/** Reads `infra/NAME.yaml` from the folder at `infra`. */
export function readTemplate(name: TemplateName, infra: URL): Template {
  const text = readFileSync(new URL(`${name}.yaml`, infra), "utf8");
  return { name, text, ...parse(text, { customTags: (tags) => [...tags, ...(TAGS as never[])] }) };
}

/** Parameters by name; those left out have their default, or a stand-in where they have none. */
export type Values = Readonly<Record<string, string>>;

export function valuesOf(template: Template, given: Values = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(template.Parameters).map(([name, { Default, Type }]) => [
      name,
      given[name] ?? (Default === undefined ? standIn(name, Type) : String(Default)),
    ]),
  );
}

function standIn(name: string, type: string): string {
  if (name.endsWith("RoleArn")) return `arn:aws:iam::000000000000:role/${name}`;
  if (name.endsWith("QueueArn")) return `arn:aws:sqs:us-east-1:000000000000:${name}`;
  const [, kind] = /AWS::EC2::(VPC|Subnet|SecurityGroup)::Id/.exec(type) ?? [];
  if (kind) return `${kind === "SecurityGroup" ? "sg" : kind.toLowerCase()}-00000001`;
  if (name.endsWith("Arn")) return `arn:aws:service:us-east-1:000000000000:${name}`;
  return type === "Number" ? "1" : `<${name}>`;
}

/** The assertions of its rules that don't hold under the given parameters, in their own words. */
export function brokenRules(template: Template, given: Values = {}): string[] {
  const scope = { values: valuesOf(template, given), conditions: {} };
  return Object.values(template.Rules ?? {})
    .filter(({ RuleCondition }) => RuleCondition === undefined || holds(RuleCondition, scope))
    .flatMap(({ Assertions }) => Assertions)
    .filter(({ Assert }) => !holds(Assert, scope))
    .map(({ AssertDescription }) => AssertDescription);
}

interface Scope {
  readonly values: Values;
  readonly conditions: Readonly<Record<string, Value>>;
}

/** Whether a condition holds. */
function holds(condition: Value, scope: Scope): boolean {
  const [name, operand] = Object.entries(condition as Record<string, Value>)[0]!;
  const operands = operand as readonly Value[];
  switch (name) {
    case "Condition":
      return holds(scope.conditions[String(operand)]!, scope);
    case "Fn::Equals":
      return text(operands[0]!, scope) === text(operands[1]!, scope);
    case "Fn::Not":
      return !holds(operands[0]!, scope);
    case "Fn::And":
      return operands.every((each) => holds(each, scope));
    case "Fn::Or":
      return operands.some((each) => holds(each, scope));
    case "Fn::Contains":
      return (operands[0] as readonly Value[]).map(String).includes(text(operands[1]!, scope));
    default:
      throw new Error(`${name} is no condition`);
  }
}

function text(value: Value, { values }: Scope): string {
  if (typeof value !== "object" || value === null) return String(value);
  if ("Ref" in value) return values[String(value.Ref)]!;
  if ("Fn::Select" in value) {
    const [index, list] = value["Fn::Select"] as [number, Value];
    return texts(list, { values, conditions: {} })[index]!;
  }
  if ("Fn::Join" in value) {
    const [between, parts] = value["Fn::Join"] as [string, Value];
    return texts(parts, { values, conditions: {} }).join(between);
  }
  throw new Error(`${JSON.stringify(value)} is no text`);
}

/** A list: one that is written out, one that a text is split into, or a parameter's. */
function texts(value: Value, scope: Scope): string[] {
  if (Array.isArray(value)) return value.map((each) => text(each, scope));
  if (typeof value === "object" && value !== null && "Fn::Split" in value) {
    const [between, whole] = (value as { "Fn::Split": [string, Value] })["Fn::Split"];
    return text(whole, scope).split(between);
  }
  return text(value, scope).split(",");
}

const NO_VALUE = Symbol("AWS::NoValue");

/**
 * The template as CloudFormation sees it under the given parameters: conditions decided, parameters put in, resources
 * that don't exist left out. References to resources and pseudo parameters stay.
 */
export function settle(template: Template, given: Values = {}): Record<string, unknown> {
  const values = valuesOf(template, given);
  const scope = { values, conditions: template.Conditions ?? {} };
  const lists = new Set(
    Object.entries(template.Parameters)
      .filter(([, { Type }]) => /List/.test(Type))
      .map(([name]) => name),
  );

  const resolve = (value: Value): Value | typeof NO_VALUE => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(resolve).filter((each) => each !== NO_VALUE);
    const [[name, operand] = ["", null]] = Object.entries(value);
    if (name === "Ref" && operand === "AWS::NoValue") return NO_VALUE;
    if (name === "Ref" && lists.has(String(operand))) return values[String(operand)]!.split(",");
    if (name === "Ref" && String(operand) in values) {
      const put = values[String(operand)]!;
      return template.Parameters[String(operand)]?.Type === "Number" ? Number(put) : put;
    }
    if (name === "Fn::If") {
      const [condition, yes, no] = operand as [string, Value, Value];
      return resolve(holds({ Condition: condition }, scope) ? yes : no);
    }
    if (name === "Fn::Sub" && typeof operand === "string") return substitute(operand, values);
    const entries = Object.entries(value).map(([key, each]) => [key, resolve(each)] as const);
    return Object.fromEntries(entries.filter(([, each]) => each !== NO_VALUE)) as Value;
  };

  const exists = ({ Condition }: { Condition?: string }) => Condition === undefined || holds({ Condition }, scope);
  const resources = Object.entries(template.Resources)
    .filter(([, resource]) => exists(resource))
    .map(([id, { Condition: _, Metadata: __, ...resource }]) => [id, resolve(resource as Value)]);
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: template.Description,
    Resources: Object.fromEntries(resources),
  };
}

function substitute(pattern: string, values: Values): Value {
  const filled = pattern.replace(/\$\{([^}!]+)\}/g, (whole, name: string) => values[name] ?? whole);
  return filled.includes("${") ? { "Fn::Sub": filled } : filled;
}
