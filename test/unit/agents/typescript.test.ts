import { describe, expect, test } from "@jest/globals";
import { typescriptAdvice, typescriptOptions } from "../../../src/agents/typescript.js";

describe("A fault of loading TypeScript", () => {
  test("says which Node takes it, where this one doesn't", () => {
    const advice = typescriptAdvice("ERR_UNKNOWN_FILE_EXTENSION", 'Unknown file extension ".ts" for /srv/agent.ts');
    expect(advice).toMatch(/^this Node, v\d.*22\.18 or newer/);
  });

  test("says what can't be taken away", () => {
    expect(typescriptAdvice("ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX", "enum")).toMatch(/without enum, namespace/);
    expect(typescriptAdvice("ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING", "")).toMatch(/compile that package/);
  });

  test.each([
    ["ERR_UNKNOWN_FILE_EXTENSION", 'Unknown file extension ".jsx" for /srv/agent.jsx'],
    ["ERR_MODULE_NOT_FOUND", "Cannot find module /srv/other.ts"],
    [undefined, 'an error of its own about ".ts"'],
  ])("is no other one: %s", (code, message) => {
    expect(typescriptAdvice(code, message)).toBeUndefined();
  });
});

test("how this process takes TypeScript is told to those that load the same module, and nothing else is", () => {
  const env = { NODE_OPTIONS: "--max-old-space-size=100 --experimental-transform-types" };
  expect(typescriptOptions(env, ["--inspect", "--no-strip-types"])).toEqual([
    "--experimental-transform-types",
    "--no-strip-types",
  ]);
  expect(typescriptOptions({}, [])).toEqual([]);
});
