import { accessSync } from "node:fs";
import { basename, extname } from "node:path";

interface Interpreter {
  /** As it is named, with or without a version: `python3.12`. */
  readonly name: RegExp;
  readonly extensions: readonly string[];
  /** Options that take no value; any other leaves it open what comes next. */
  readonly flags: RegExp;
  /** How a script without a line of its own is begun. */
  readonly command: string;
}

const INTERPRETERS: readonly Interpreter[] = [
  { name: /^(python|pypy)[\d.]*$/, extensions: [".py", ".pyz"], flags: /^-[bBdEiIOPqsSuvx]+$/, command: "python3" },
  {
    name: /^node$/,
    extensions: [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"],
    flags: /^--(?!import$|require$|loader$|eval$|print$|env-file$|conditions$|input-type$)[a-z-]+(=\S*)?$/,
    command: "node",
  },
  { name: /^ruby[\d.]*$/, extensions: [".rb"], flags: /^-[acdhlnpsSuUvwW]+$/, command: "ruby" },
  { name: /^perl[\d.]*$/, extensions: [".pl"], flags: /^-[acnpsStTuUvwW]+$/, command: "perl" },
  { name: /^php[\d.]*$/, extensions: [".php"], flags: /^-[Cenqs]+$/, command: "php" },
  { name: /^(ba|da|z|k)?sh$/, extensions: [".sh", ".bash"], flags: /^-[eufnvx]+$/, command: "sh" },
  { name: /^java$/, extensions: [".jar"], flags: /^-(jar|server|X\S+|D\S+)$/, command: "java -jar" },
];

/**
 * What is wrong with the script that an interpreter is to run, where it is sure that its arguments name one: else each
 * message would find out, and be tried until it is a dead letter. Continues the sentence "the program ...".
 */
export function missingScript(program: string, args: readonly string[]): string | undefined {
  const interpreter = INTERPRETERS.find(({ name }) => name.test(basename(program)));
  const script = args.find((word) => !interpreter?.flags.test(word));
  if (!interpreter || script === undefined || !interpreter.extensions.includes(extname(script))) return undefined;
  try {
    accessSync(script);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" || code === "ENOTDIR" ? "doesn't exist" : `can't be read (${code})`;
    return `is to run ${script}, which ${why} in ${process.cwd()}`;
  }
}

/** A command line that runs the file, where its name or its first line says that it isn't JavaScript. */
export function commandFor(file: string, firstLine: string): string | undefined {
  const extension = extname(file);
  const interpreter = INTERPRETERS.find(({ extensions }) => extensions.includes(extension));
  if (interpreter?.command === "node") return undefined;
  if (interpreter) return `${interpreter.command} ${file}`;
  return firstLine.startsWith("#!") && !/\b(node|bun|deno)\b/.test(firstLine) ? file : undefined;
}
