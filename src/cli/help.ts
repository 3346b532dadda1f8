import { COMMON_OPTIONS, type CommandLine } from "./command-line.js";
import { ExitCode } from "./exit-code.js";
import { print } from "./terminal.js";

/** The text of `--help`. */
export function helpOf(line: CommandLine): string {
  const options = [...line.options, ...COMMON_OPTIONS].map(({ name, value, short, many, meaning }) => [
    `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`,
    many ? `${meaning}; may be repeated` : meaning,
  ]);
  return [
    `Usage: queuehand ${line.name} [options]${line.operands ? ` ${line.operands}` : ""}`,
    line.about
      .split("\n")
      .flatMap((paragraph) => wrap(paragraph, HELP_WIDTH))
      .join("\n"),
    `Options:\n${columns(options)}`,
    `Examples:\n${line.examples.map((example) => `  ${example}`).join("\n")}`,
    `Exit codes:\n${columns(line.exits)}`,
  ].join("\n\n");
}

/** Prints the help of a command; returns its exit code. */
export function printHelp(line: CommandLine): number {
  print(helpOf(line));
  return ExitCode.ok;
}

/** Two columns, the second one wrapped. */
export function columns(rows: readonly (readonly (string | undefined)[])[]): string {
  const left = Math.min(28, Math.max(...rows.map(([first]) => first!.length))) + 4;
  return rows
    .map(([first, second]) => {
      const lines = wrap(second ?? "", HELP_WIDTH - left);
      const head = `  ${first}`;
      const start = head.length < left ? head.padEnd(left) + lines.shift() : head;
      return [start, ...lines.map((line) => " ".repeat(left) + line)].join("\n");
    })
    .join("\n");
}

/** Narrow enough for every terminal, wide enough for a sentence. */
const HELP_WIDTH = 100;

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}
