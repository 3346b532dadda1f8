/** One command of the command line. Resolves with the exit code. */
export type Command = (argv: string[]) => Promise<number>;
