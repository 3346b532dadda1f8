import { ExitCode } from "../exit-code.js";
import { CommandError } from "../failure.js";

/** An SQS-compatible server in this process's memory. */
export interface EmbeddedServer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Nobody but this machine may reach it: it asks for no credentials. */
const LOOPBACK = "127.0.0.1";

/**
 * Starts the server on loopback.
 * @param port 0 = any free one.
 * @throws CommandError when fauxqs isn't installed, or the port is taken.
 */
export async function startEmbeddedServer(port: number): Promise<EmbeddedServer> {
  const { buildApp } = await fauxqs();
  await takeEveryCharacter();
  const app = buildApp({ logger: false });
  try {
    const endpoint = await app.listen({ port, host: LOOPBACK });
    return { endpoint, stop: () => app.close() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    throw new CommandError(`--port ${port} can't be listened on: ${message}; leave it out to take any free one`);
  }
}

async function fauxqs(): Promise<typeof import("fauxqs")> {
  try {
    return await import("fauxqs");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new CommandError("the embedded queue server isn't installed: npm install -D fauxqs", ExitCode.unavailable);
  }
}

/**
 * fauxqs 2.4.1 refuses characters beyond U+FFFF, such as emoji, which SQS takes since 2016. Where it keeps its
 * pattern elsewhere one day, nothing is mended, and `dev` says which messages it refused.
 */
async function takeEveryCharacter(): Promise<void> {
  const types = new URL("sqs/sqsTypes.js", import.meta.resolve("fauxqs")).href;
  const { INVALID_MESSAGE_BODY_CHAR: refused } = await import(types).catch(() => ({}));
  if (!(refused instanceof RegExp)) return;
  const taken = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;
  refused.test = (text) => !taken.test(text);
}
