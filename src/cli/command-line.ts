import { parseArgs } from "node:util";
import { nearest } from "./nearest.js";

/** One option of a command. `value` names its argument in the help; without it the option is a flag. */
export interface Option {
  readonly name: string;
  readonly value?: string;
  readonly short?: string;
  /** May be given more than once. */
  readonly many?: boolean;
  readonly meaning: string;
}

/** What a command takes, from which both its parser and its help are made. */
export interface CommandLine {
  readonly name: string;
  /** What follows the name and the options in the usage line: "BODY|-". */
  readonly operands?: string;
  /** Most operands that it takes; none unless told. */
  readonly operandsMax?: number;
  /** A few sentences on what it does and what it needs; the help wraps them. */
  readonly about: string;
  readonly options: readonly Option[];
  readonly examples: readonly string[];
  readonly exits: readonly (readonly [code: string, meaning: string])[];
}

/** A wrong command line: exit code 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What was typed, by option name. */
export class Typed {
  constructor(
    private readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>,
    readonly operands: readonly string[],
  ) {}

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === "string" ? value : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** @throws UsageError when the value isn't a whole number within the bounds. */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^-?\d+$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
    throw new UsageError(`--${name} must be a whole number between ${min} and ${max}, got "${value}"`);
  }

  /** @throws UsageError when the value isn't a number within the bounds. */
  number(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^\d+(\.\d+)?$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
    throw new UsageError(`--${name} must be a number between ${min} and ${max}, got "${value}"`);
  }
}

/** Every command has these two. */
export const COMMON_OPTIONS: readonly Option[] = [
  { name: "json", meaning: "machine-readable output: one object on stdout" },
  { name: "help", short: "h", meaning: "this text" },
];

/**
 * Reads a command's arguments.
 * @throws UsageError naming the option that is unknown (and the nearest known one), lacks its value, or has one too many.
 */
export function parseCommandLine(line: CommandLine, argv: readonly string[]): Typed {
  const options = [...line.options, ...COMMON_OPTIONS];
  const parsed = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      options.map(({ name, value, short, many }) => [
        name,
        { type: value ? "string" : "boolean", multiple: many ?? false, ...(short ? { short } : {}) } as const,
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of parsed.tokens) {
    if (token.kind !== "option") continue;
    const option = options.find(({ name }) => name === token.name);
    if (!option) throw new UsageError(unknown(token.rawName, options));
    if (option.value && token.value === undefined) {
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${option.value}`);
    }
    if (!option.value && token.value !== undefined) {
      throw new UsageError(`${token.rawName} takes no value, got "${token.value}"`);
    }
  }
  const most = line.operandsMax ?? 0;
  if (parsed.positionals.length > most) {
    const extra = parsed.positionals[most];
    throw new UsageError(
      most === 0
        ? `takes no operand, got "${extra}"`
        : `takes at most ${most} operand${most === 1 ? "" : "s"}, got ${parsed.positionals.length}, "${extra}" one too many; put quotes around a body with blanks`,
    );
  }
  return new Typed(parsed.values, parsed.positionals);
}

function unknown(typed: string, options: readonly Option[]): string {
  const guess = nearest(
    typed.replace(/^-+/, ""),
    options.map(({ name }) => name),
  );
  return `unknown option ${typed}${guess ? `; did you mean --${guess}?` : ""}`;
}
