import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandOptions, killCommands, RunningCommand } from "./command.js";
import { QueueServer } from "./fauxqs-server.js";
import { working } from "./run-settings.js";

export interface RunBundleOptions {
  /** The source of the agent's module, `agent.mjs`, instead of the bundle's own. */
  readonly agent?: string;
  /** With it the queue has a dead-letter queue. */
  readonly maxReceiveCount?: number;
}

/**
 * Says which body it began with. `long` takes some seconds; `endless` ends by its signal alone; `deaf` hears no signal and
 * outlasts any test.
 */
const AGENT = `
  import { setTimeout as sleep } from "node:timers/promises";
  export default async ({ body }, { log, signal }) => {
    log.info("began " + body);
    if (body === "long") await sleep(6_000);
    if (body === "endless") await sleep(600_000, undefined, { signal });
    if (body === "deaf") await sleep(600_000);
  };`;

/** An embedded queue server with one queue, a folder with an agent, and `queuehand run` on them. */
export class RunBundle implements AsyncDisposable {
  private constructor(
    readonly server: QueueServer,
    readonly queueUrl: string,
    private readonly deadLettersUrl: string,
    readonly folder: string,
  ) {}

  static async start({ agent = AGENT, maxReceiveCount }: RunBundleOptions = {}): Promise<RunBundle> {
    const server = await QueueServer.start();
    const dead = await server.queue("tasks-dead");
    const redrive = maxReceiveCount && { deadLetterTargetArn: await server.arnOf(dead), maxReceiveCount };
    const queueUrl = await server.queue("tasks", redrive ? { RedrivePolicy: JSON.stringify(redrive) } : {});
    const bundle = new RunBundle(server, queueUrl, dead, await mkdtemp(join(tmpdir(), "queuehand-run-")));
    await bundle.write("agent.mjs", agent);
    return bundle;
  }

  /** For any command on the bundle's queue and folder. */
  options(env: Readonly<Record<string, string>> = {}): CommandOptions {
    return {
      cwd: this.folder,
      env: {
        ...this.server.env,
        ...working(this.queueUrl),
        ...env,
      },
    };
  }

  run(env: Readonly<Record<string, string>> = {}, ...args: string[]): RunningCommand {
    return new RunningCommand(["run", ...args], this.options(env));
  }

  send(...bodies: readonly string[]): void {
    for (const body of bodies) this.server.server.sendMessage("tasks", body);
  }

  /** Messages on the queue, hidden ones included. */
  get left(): number {
    const { ready, inflight } = this.server.server.inspectQueue("tasks")!.messages;
    return ready.length + inflight.length;
  }

  /** The dead letters that are visible. */
  deadLetters() {
    return this.server.messages(this.deadLettersUrl);
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(join(this.folder, file), text);
  }

  /** Ends what a failed test left running, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await killCommands();
    await this.server.stop();
    await rm(this.folder, { recursive: true });
  }
}
