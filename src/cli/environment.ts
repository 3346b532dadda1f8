import { readFile } from "node:fs/promises";
import { spareOwnHosts } from "../aws/wire/proxy.js";
import { ConfigError, type Source } from "../config/config.js";

/** The variables that a command reads its settings from. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  sourceOf(name: string): Source;
}

/**
 * The variables of this process, below them those of `.env` in development, above them what the command line says.
 * What `.env` adds is put into `process.env` too, since AWS's own settings and the agent's are read from there.
 * @param development whether `.env` counts; `NODE_ENV=development` makes it count in any case.
 * @param overrides settings that the command line gave.
 * @throws ConfigError when there is a `.env` that can't be read.
 */
export async function loadEnvironment(
  development: boolean,
  overrides: Readonly<Record<string, string | undefined>> = {},
  own: NodeJS.ProcessEnv = process.env,
): Promise<Environment> {
  const inFile = development || own.NODE_ENV === "development" ? await readDotenv() : {};
  const added = Object.fromEntries(Object.entries(inFile).filter(([name]) => own[name] === undefined));
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  Object.assign(own, added);
  spareOwnHosts(own);
  return {
    variables: { ...own, ...given },
    sourceOf: (name) =>
      Object.hasOwn(given, name) ? "command line" : Object.hasOwn(added, name) ? ".env" : "environment",
  };
}

async function readDotenv(): Promise<Record<string, string>> {
  try {
    const text = await readFile(".env", "utf8");
    const { parse } = await import("dotenv");
    return parse(text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return {};
    throw new ConfigError([`.env can't be read: ${message}`]);
  }
}
