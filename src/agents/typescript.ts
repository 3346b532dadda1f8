/** Node strips the types of a .ts file by itself since 22.18; from 22.6 on this option has it do so. */
const STRIPS_BY_OPTION = "--experimental-strip-types";
const ABOUT_TYPES = /^--(no-)?(experimental-)?(strip|transform)-types$/;

/** What a fault of loading TypeScript asks for, to be put behind it; undefined for any other fault. */
export function typescriptAdvice(code: unknown, message: string): string | undefined {
  switch (code) {
    case "ERR_UNKNOWN_FILE_EXTENSION":
      if (!/"\.[mc]?ts"/.test(message)) return undefined;
      return `this Node, ${process.version}, runs no TypeScript: take 22.18 or newer, or NODE_OPTIONS=${STRIPS_BY_OPTION}, or compile the agent`;
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return "Node takes types away and makes no code of them: write it without enum, namespace and parameter properties (erasableSyntaxOnly in tsconfig.json finds them), or compile the agent";
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return "Node takes no types away in node_modules: compile that package";
    default:
      return undefined;
  }
}

/** The options by which this process was told how to take TypeScript, for the processes that load the same module. */
export function typescriptOptions(
  { NODE_OPTIONS = "" }: Readonly<Record<string, string | undefined>> = process.env,
  typed: readonly string[] = process.execArgv,
): string[] {
  return [...NODE_OPTIONS.split(/\s+/), ...typed].filter((option) => ABOUT_TYPES.test(option));
}
