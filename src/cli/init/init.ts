import { resolve } from "node:path";
import { printable } from "../../text/printable.js";
import { type CommandLine, parseCommandLine, type Typed, UsageError } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { printHelp } from "../help.js";
import { print, printJson } from "../terminal.js";

/** The kinds of a project; the first is made unless another is named. */
const KINDS = ["javascript", "typescript", "python", "http"] as const;
type Kind = (typeof KINDS)[number];

const LINE: CommandLine = {
  name: "init",
  operands: "[DIR]",
  operandsMax: 1,
  about:
    "Writes a small project into an empty folder (DIR, else this one): an agent, its test, a Dockerfile, .env, compose.yaml and a README. Nothing is installed and nothing overwritten.",
  options: [
    { name: "typescript", meaning: "the agent in TypeScript, whose types Node takes away" },
    { name: "python", meaning: "the agent as a program in Python" },
    { name: "http", meaning: "the agent as a web service, in any language" },
  ],
  examples: ["queuehand init shop", "queuehand init --python", "queuehand init --typescript agents/orders"],
  exits: [
    ["0", "written"],
    ["1", "the folder isn't empty, or can't be written to"],
    ["64", "wrong command line"],
  ],
};

/** `queuehand init`. */
export async function init(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const kind = kindOf(typed);
  const asked = typed.operands[0] ?? ".";
  const { writeProject } = await import("./project.js");
  const files = await writeProject(kind, resolve(asked));
  if (typed.flag("json")) printJson({ folder: resolve(asked), kind, files });
  else print(nextSteps(asked, files));
  return ExitCode.ok;
}

function kindOf(typed: Typed): Kind {
  const named = KINDS.filter((kind) => typed.flag(kind));
  if (named.length > 1)
    throw new UsageError(`--${named[0]} and --${named[1]} contradict each other: one kind a project`);
  return named[0] ?? KINDS[0];
}

function nextSteps(folder: string, files: readonly string[]): string {
  const there =
    folder === "." ? "" : `cd ${printable(/^[\w./-]+$/.test(folder) ? folder : JSON.stringify(folder))}\n  `;
  return `wrote ${files.join(", ")}

  ${there}npm install && npm test
  npm run try`;
}
