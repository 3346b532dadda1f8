import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { killCommands, RunningCommand } from "./command.js";
import { DeadLetterBundle } from "./dead-letter-bundle.js";
import type { ElasticMq } from "./elasticmq.js";
import { reaching, working } from "./run-settings.js";

/** A message to the agent that keeps the ledger. */
export interface Task {
  readonly name: string;
  /** How long its run takes; no time if unset. */
  readonly ms?: number;
  /** Each of its runs fails. */
  readonly fails?: boolean;
  /** Its runs wait until the agents are `released`. */
  readonly hangs?: boolean;
}

export interface Ledger {
  /** The names of the tasks whose runs began, in order, repetitions included. */
  readonly began: readonly string[];
  readonly done: readonly string[];
}

const LEDGER = "ledger";
const RELEASED = "released";
const BATCH_MAX = 10;

/** Writes each line at once, so that it is there whatever becomes of the process. */
const AGENT = `
  import { appendFileSync, existsSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  export default async ({ body: { name, ms = 0, fails, hangs } }, { signal }) => {
    const note = (what) => appendFileSync("${LEDGER}", what + " " + name + "\\n");
    note("began");
    await sleep(ms, undefined, { signal });
    while (hangs && !existsSync("${RELEASED}")) await sleep(50, undefined, { signal });
    if (fails) throw new Error(name + " always fails");
    note("done");
  };`;

/** A queue with its dead letters on ElasticMQ, and workers in processes whose agents write down each run. */
export class LedgerBundle implements AsyncDisposable {
  private constructor(
    private readonly server: ElasticMq,
    private readonly queues: DeadLetterBundle,
    private readonly fifo: boolean,
    private readonly folder: string,
  ) {}

  static async start(server: ElasticMq, { fifo = false, maxReceiveCount = 3 } = {}): Promise<LedgerBundle> {
    const queues = await DeadLetterBundle.create(server.sqs, `ledger-${randomUUID()}`, { fifo, maxReceiveCount });
    const folder = await mkdtemp(join(tmpdir(), "queuehand-ledger-"));
    await writeFile(join(folder, "agent.mjs"), AGENT);
    return new LedgerBundle(server, queues, fifo, folder);
  }

  /** With the shortest lease that there is. Resolves once the worker polls. */
  async run(env: Readonly<Record<string, string>> = {}): Promise<RunningCommand> {
    const settings = { ...reaching(this.server.endpoint), ...working(this.queues.queueUrl), VISIBILITY_TIMEOUT: "15" };
    const worker = new RunningCommand(["run"], { cwd: this.folder, env: { ...settings, ...env } });
    await worker.says(/"state":"running"/);
    return worker;
  }

  /** On a FIFO queue all are of one group. */
  async send(tasks: readonly Task[]): Promise<void> {
    for (let from = 0; from < tasks.length; from += BATCH_MAX) {
      const Entries = tasks.slice(from, from + BATCH_MAX).map((task, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(task),
        ...(this.fifo && { MessageGroupId: "group", MessageDeduplicationId: task.name }),
      }));
      const command = new SendMessageBatchCommand({ QueueUrl: this.queues.queueUrl, Entries });
      const { Failed = [] } = await this.server.sqs.send(command);
      if (Failed.length > 0) throw new Error(`${Failed.length} messages were not sent: ${Failed[0]?.Message}`);
    }
  }

  /** Lets the agents that hang end, and those to come not hang. */
  async release(): Promise<void> {
    await writeFile(join(this.folder, RELEASED), "");
  }

  /** Messages on the queue, hidden ones included. */
  left(): Promise<number> {
    return this.queues.count(this.queues.queueUrl);
  }

  async ledger(): Promise<Ledger> {
    const lines = (await readFile(join(this.folder, LEDGER), "utf8").catch(() => "")).split("\n");
    const named = (what: string) =>
      lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1));
    return { began: named("began"), done: named("done") };
  }

  /** The names of the tasks that became dead letters. */
  async dead(): Promise<string[]> {
    const letters = await this.queues.take(this.queues.deadLetterQueueUrl);
    return letters.map(({ Body }) => (JSON.parse(Body!) as Task).name);
  }

  /** Ends what a failed test left running, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await killCommands();
    await rm(this.folder, { recursive: true });
  }
}
