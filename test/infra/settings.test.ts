import { describe, expect, test } from "@jest/globals";
import { type Parameter, readTemplate, settle, type Value } from "../../infra/checks/template.js";
import { SETTINGS, type Setting } from "../../src/config/settings.js";

const template = readTemplate("task", new URL("../../../infra/", import.meta.url));
const { Parameters } = template;
const settings: readonly Setting[] = SETTINGS;
/** From docs/configuration.md's table; what it doesn't have is no setting of the worker's. */
const OTHERS = new Set(["OTEL_EXPORTER_OTLP_ENDPOINT"]);
/** Go with that one. */
const BESIDE_IT = ["OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"];
/** Numbers up to here are tried against a pattern. */
const TRIED_MAX = 50_000;

interface Entry {
  readonly Name: string;
  readonly Value: Value;
}

function environmentUnder(given: Readonly<Record<string, string>>): Map<string, Value> {
  const { Resources } = settle(template, given) as {
    Resources: { TaskDefinition: { Properties: { ContainerDefinitions: { Environment: Entry[] }[] } } };
  };
  const [worker] = Resources.TaskDefinition.Properties.ContainerDefinitions;
  return new Map(worker!.Environment.map(({ Name, Value }) => [Name, Value]));
}

/** The parameter for each setting, as its description names it. */
const parameters = new Map(
  Object.entries(Parameters).flatMap(([name, { Description = "" }]) => {
    const setting = /^([A-Z][A-Z0-9_]+): /.exec(Description)?.[1];
    return setting ? [[setting, name] as const] : [];
  }),
);

test("the service sets no variable that the worker doesn't know", () => {
  const strangers = [...parameters.keys()].filter((name) => !OTHERS.has(name));
  expect(strangers.filter((name) => !settings.some((setting) => setting.name === name))).toEqual([]);
  expect(parameters.size).toBeGreaterThan(25);
});

test("what is given is set, each under the name that its parameter's description says", () => {
  const given = [...parameters].map(([setting, parameter]) => [parameter, `of ${setting}`] as const);
  const environment = environmentUnder(Object.fromEntries(given));
  const set = [...environment].filter(([name]) => !BESIDE_IT.includes(name));
  expect(set.sort()).toEqual([...parameters.keys()].map((name) => [name, `of ${name}`]).sort());
  expect(BESIDE_IT.every((name) => environment.has(name))).toBe(true);
});

test("what isn't given isn't set, so that the image's own ENV or the worker's default holds", () => {
  expect([...environmentUnder({}).keys()]).toEqual(["SQS_QUEUE_URL"]);
  const decided = [...parameters].filter(([, name]) => (Parameters[name]!.Default ?? "") !== "");
  expect(decided).toEqual([]);
});

test("what the service leaves to the image's ENV may be missing, or is the image's affair", () => {
  const left = settings.filter(({ name }) => !parameters.has(name));
  expect(left.filter(({ required }) => required?.includes("run"))).toEqual([]);
});

describe.each(settings.filter(({ name }) => parameters.has(name)))("$name", ({ name, shape }) => {
  const parameter: Parameter = Parameters[parameters.get(name)!]!;

  test("takes what the worker takes, nothing else, and being left out", () => {
    const { AllowedValues, AllowedPattern } = parameter;
    const takes = new RegExp(`^(?:${AllowedPattern})$`);
    if (shape.kind === "choice") expect(AllowedValues).toEqual(["", ...shape.values]);
    if (shape.kind === "boolean") expect(AllowedValues).toEqual(["", "true", "false"]);
    if (shape.kind !== "integer") return;
    if (AllowedValues) {
      const values = AllowedValues.filter((value) => value !== "").map(Number);
      expect(AllowedValues).toContain("");
      expect(Math.min(...values)).toBeGreaterThanOrEqual(shape.min);
      expect(Math.max(...values)).toBeLessThanOrEqual(shape.max);
      return;
    }
    const wrong = Array.from({ length: TRIED_MAX }, (_, n) => n).filter(
      (n) => takes.test(String(n)) !== (n >= shape.min && n <= shape.max),
    );
    expect(wrong).toEqual([]);
    expect(takes.test("")).toBe(true);
    expect(["007", "-1", "1.5", "ten"].filter((text) => takes.test(text))).toEqual([]);
  });
});
