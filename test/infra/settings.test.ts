import { describe, expect, test } from "@jest/globals";
import { type Parameter, readTemplate, type Value } from "../../infra/checks/template.js";
import { fallbackOf, SETTINGS, type Setting } from "../../src/config/settings.js";

const { Parameters, Resources } = readTemplate("service", new URL("../../../infra/", import.meta.url));
const settings: readonly Setting[] = SETTINGS;
/** From docs/configuration.md's table; what it doesn't have is no setting of the worker's. */
const OTHERS = new Set(["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"]);

const containers = Resources.TaskDefinition!.Properties!.ContainerDefinitions as readonly { Environment: Value[] }[];
/** What the template puts under each name: a reference to a parameter, or a text. */
const environment = new Map(
  containers[0]!.Environment.map((entry) => {
    const conditional = (entry as { "Fn::If"?: [string, Value, Value] })["Fn::If"];
    const { Name, Value } = (conditional?.[1] ?? entry) as { Name: string; Value: string | { Ref: string } };
    return [Name, Value] as const;
  }).filter(([name]) => !OTHERS.has(name)),
);
const parameterOf = (name: string): Parameter | undefined => {
  const value = environment.get(name);
  return typeof value === "object" ? Parameters[value.Ref] : undefined;
};

test("the service sets no variable that the worker doesn't know", () => {
  expect([...environment.keys()].filter((name) => !settings.some((setting) => setting.name === name))).toEqual([]);
});

test("what the service leaves to the image's ENV has a default, or may be missing", () => {
  const left = settings.filter(({ name }) => !environment.has(name));
  expect(left.filter(({ required }) => required?.includes("run"))).toEqual([]);
});

describe.each(settings.filter(({ name }) => environment.has(name)))("$name", ({ name, shape, ...setting }) => {
  test("has the worker's default", () => {
    const parameter = parameterOf(name);
    const inTemplate = parameter ? parameter.Default : environment.get(name);
    expect(String(inTemplate ?? "")).toBe(fallbackOf({ name, shape, ...setting }, "run") ?? "");
  });

  test("takes nothing that the worker refuses", () => {
    const parameter = parameterOf(name);
    if (!parameter) return;
    const { AllowedValues, MinValue = Number.NaN, MaxValue = Number.NaN } = parameter;
    if (shape.kind === "choice") expect(AllowedValues).toEqual(shape.values);
    if (shape.kind === "boolean") expect(AllowedValues).toEqual(["true", "false"]);
    if (shape.kind === "integer") {
      const values = (AllowedValues ?? [MinValue, MaxValue]).map(Number);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(shape.min);
      expect(Math.max(...values)).toBeLessThanOrEqual(shape.max);
    }
  });
});

test("its description names the setting that a parameter is for", () => {
  const silent = [...environment].filter(([name]) => {
    const parameter = parameterOf(name);
    return parameter && !parameter.Description?.includes(name);
  });
  expect(silent).toEqual([]);
});
