import { describe, expect, test } from "@jest/globals";
import { type Config, ConfigError, effectiveSettings, loadConfig } from "../../../src/config/config.js";

const TOKEN = "only-who-knows-this";
const QUEUE = "http://localhost:4566/1/tasks";

function actions(command: "run" | "dev", env: Record<string, string>): Config["consoleActions"] | readonly string[] {
  try {
    return loadConfig({ SQS_QUEUE_URL: QUEUE, HANDLER: "./agent.mjs", ...env }, command).consoleActions;
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe("who may act through the console", () => {
  test("nobody in run, unless a token is set and wanted", () => {
    expect(actions("run", {})).toBe("no");
    expect(actions("run", { CONSOLE_ACTIONS: "true", CONSOLE_TOKEN: TOKEN })).toEqual({ token: TOKEN });
    expect(actions("run", { CONSOLE_ACTIONS: "true" })).toEqual([
      'CONSOLE_ACTIONS needs CONSOLE_TOKEN, which is unset, got "true"',
    ]);
    expect(actions("run", { CONSOLE_TOKEN: TOKEN })).toEqual(['CONSOLE_TOKEN needs CONSOLE_ACTIONS=true, got "***"']);
  });

  test("whoever sits at the machine in dev, and nobody from elsewhere without a token", () => {
    expect(actions("dev", {})).toBe("free");
    expect(actions("dev", { HTTP_HOST: "::1" })).toBe("free");
    expect(actions("dev", { HTTP_HOST: "0.0.0.0" })).toBe("no");
    expect(actions("dev", { HTTP_HOST: "0.0.0.0", CONSOLE_TOKEN: TOKEN })).toEqual({ token: TOKEN });
    expect(actions("dev", { CONSOLE_ACTIONS: "false" })).toBe("no");
    expect(actions("dev", { HTTP_HOST: "0.0.0.0", CONSOLE_ACTIONS: "true" })).toEqual([
      'CONSOLE_ACTIONS needs CONSOLE_TOKEN, which is unset, got "true" with HTTP_HOST 0.0.0.0',
    ]);
  });

  test("is never told with its token, be it good or bad", () => {
    expect(actions("run", { CONSOLE_ACTIONS: "true", CONSOLE_TOKEN: "short" })).toEqual([
      'CONSOLE_TOKEN must be 16 characters at least, without blanks, got "***"',
    ]);
    const told = effectiveSettings({ CONSOLE_TOKEN: TOKEN }, "run", () => "environment");
    expect(told.find(({ name }) => name === "CONSOLE_TOKEN")!.value).toBe("***");
  });
});
