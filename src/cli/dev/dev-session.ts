import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { QueuePair } from "../../aws/sqs/queue-pair.js";
import { SqsProducer } from "../../aws/sqs/sqs-producer.js";
import type { Config } from "../../config/config.js";
import { StatusBlock } from "../../console/status-block.js";
import { type Fact, fanOut } from "../../pipeline/ports/telemetry.js";
import { printable } from "../../text/printable.js";
import { createWorker, type Worker } from "../../worker/worker.js";
import { loadAgent } from "../agent.js";
import { ExitCode } from "../exit-code.js";
import { ExitGuard } from "../exit-guard.js";
import { checkHttpPort } from "../http-port.js";
import { sendAll } from "../send/send-all.js";
import { printJson } from "../terminal.js";
import { devCredentials, pointAt } from "./credentials.js";
import { devConfig } from "./dev-config.js";
import { devLogger } from "./dev-logger.js";
import { type DevReport, inWords } from "./dev-report.js";
import { publishDevState } from "./dev-state.js";
import { startEmbeddedServer } from "./embedded-server.js";
import { Fates } from "./fates.js";
import { introduction, sendExample } from "./introduction.js";
import { type SampleOptions, sampleMessage } from "./sample-messages.js";
import { SampleProducer } from "./sample-producer.js";
import { workFor } from "./samples.js";
import { StatusTicker } from "./status-ticker.js";

export interface DevOptions extends SampleOptions {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Of the queue server; 0 = any free one. */
  readonly port: number;
  /** Send so many, wait for their ends, and stop; undefined = run until told to stop. */
  readonly messages: number | undefined;
  /** Sample messages a second; undefined = none. */
  readonly perSecond: number | undefined;
  readonly ownAgent: boolean;
  readonly json: boolean;
}

const QUEUE_NAME = "queuehand-dev";
const MAX_RECEIVE_COUNT = 3;
const CALL_TIMEOUT_MS = 5_000;
/** How often the queue is asked whether everything has ended. */
const ENDED_POLL_MS = 50;
/** SIGINT's exit code, for a number of messages that didn't all end. */
const INTERRUPTED = 130;

const timely = () => AbortSignal.timeout(CALL_TIMEOUT_MS);

/** One run of `dev`: server, queues, producer, worker and status, from start to summary. */
export class DevSession {
  readonly #options: DevOptions;
  readonly #screen: StatusBlock;
  readonly #fates = new Fates();
  #stopping = false;
  #unsent = 0;

  constructor(options: DevOptions) {
    this.#options = options;
    this.#screen = new StatusBlock(options.json ? process.stderr : process.stdout);
  }

  /** Resolves with the exit code when the worker has drained. */
  async run(): Promise<number> {
    const server = await startEmbeddedServer(this.#options.port);
    try {
      pointAt(server.endpoint);
      const access = { endpoint: server.endpoint, region: "us-east-1", credentials: devCredentials };
      const pair = await QueuePair.create(access, this.#queueName, MAX_RECEIVE_COUNT, timely());
      const producer = new SqsProducer({ ...access, queueUrl: pair.queueUrl });
      const unpublish = await publishDevState({ pid: process.pid, endpoint: server.endpoint, queueUrl: pair.queueUrl });
      const { variables, json } = this.#options;
      const guard = new ExitGuard({ command: "dev", handler: variables.HANDLER ?? "", json });
      try {
        return await this.#work(server.endpoint, pair, producer, guard);
      } finally {
        guard.release();
        await unpublish();
        producer.close();
        pair.close();
      }
    } finally {
      await server.stop();
    }
  }

  async #work(endpoint: string, pair: QueuePair, producer: SqsProducer, guard: ExitGuard): Promise<number> {
    const { variables, messages, perSecond, ownAgent, fifo, json } = this.#options;
    const config = await devConfig(variables, pair.queueUrl, messages !== undefined);
    await checkHttpPort(config.http);
    // A few messages of one's own agent: what it says is what one wants to see.
    const agentLevel = messages !== undefined && ownAgent && !variables.LOG_LEVEL ? "info" : config.logLevel;
    const logger = devLogger(config.logLevel, this.#screen, agentLevel);
    const agent = await loadAgent(config, logger);
    guard.loaded();
    const ticker = new StatusTicker({
      screen: this.#screen,
      counts: () => pair.counts(timely()),
      status: () => worker.status(),
      limit: messages,
      ended: () => this.#fates.done,
      footer: messages === undefined ? [`send one: ${sendExample(fifo)}   stop: Ctrl-C`] : [],
    });
    const samples = new SampleProducer(
      producer,
      perSecond ?? 0,
      (n) => sampleMessage(this.#options, n),
      (error) => this.#screen.print(`the sample producer failed: ${printable((error as Error).message)}`),
    );
    const onFact = (fact: Fact) => {
      if (fact.kind !== "lifecycle" || fact.state !== "draining") return;
      this.#stopping = true;
      void samples.stop();
    };
    const worker = createWorker(agent, config, {
      logger,
      telemetry: fanOut([this.#fates.record, ticker.record, onFact]),
      queueCounts: async () => {
        const { queue, deadLetters } = await pair.counts(timely());
        return { waiting: queue.visible, inFlight: queue.inFlight, delayed: queue.delayed, deadLetters };
      },
    });
    // Nobody reads any more (`| head`): that is a wish to stop, not a failure.
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", () => void worker.stop("the output was closed"));
    }
    this.#screen.print(
      introduction({
        ...this.#options,
        endpoint,
        queueName: this.#queueName,
        maxReceiveCount: MAX_RECEIVE_COUNT,
        agent: ownAgent ? variables.HANDLER : undefined,
        http: config.http,
      }),
    );

    const startedAt = performance.now();
    const running = worker.run();
    // A worker that fails at its start is told of below, where it is awaited.
    running.catch(() => {});
    ticker.start();
    let report: DevReport;
    let exitCode: number;
    try {
      if (perSecond !== undefined) samples.start();
      const limited =
        messages === undefined ? undefined : await this.#workOff(messages, config, worker, producer, pair);
      ({ exitCode } = await running);
      await samples.stop();
      report = limited ?? (await this.#report(pair, performance.now() - startedAt));
      if (messages !== undefined && limited === undefined && exitCode === 0) exitCode = INTERRUPTED;
      if (this.#unsent > 0 && exitCode === 0) exitCode = ExitCode.failed;
    } finally {
      await ticker.stop();
    }
    // The log hands its lines on at the end of a turn; the summary is to be the last thing said.
    await nextTurn();
    if (json) printJson(report);
    else this.#screen.print(inWords(report));
    return exitCode;
  }

  /** Sends `count` messages and stops the worker when each has ended; undefined when it was told to stop before. */
  async #workOff(
    count: number,
    config: Config,
    worker: Worker,
    producer: SqsProducer,
    pair: QueuePair,
  ): Promise<DevReport | undefined> {
    const startedAt = performance.now();
    const workMs = workFor(count, config.concurrency);
    const interrupted = new AbortController();
    const { fifo } = this.#options;
    const all = this.#messages(count, workMs);
    const { sent, end, faults } = await sendAll(producer, all, interrupted.signal, { inOrder: fifo });
    if (end.kind === "failed") throw end.error;
    for (const [fault, times] of Object.entries(faults)) this.#refused(fault, times);
    while (!this.#stopping) {
      const { queue, deadLetters } = await pair.counts(timely());
      const left = queue.visible + queue.inFlight + queue.delayed;
      // Gone from the queue means deleted or moved; settled means that we have heard of it.
      if (left === 0 && worker.status().settling === 0 && this.#fates.done + deadLetters >= sent) {
        const report = { ...(await this.#report(pair, performance.now() - startedAt)), sent };
        await worker.stop("every message has ended");
        return report;
      }
      await sleep(ENDED_POLL_MS);
    }
    return undefined;
  }

  async #report(pair: QueuePair, elapsedMs: number): Promise<DevReport> {
    const { queue, deadLetters: deadLettered } = await pair.counts(timely());
    const { done, retried, rejected } = this.#fates;
    // Others may have sent too, so what was sent is told by where it is now.
    const left = queue.visible + queue.inFlight + queue.delayed;
    const sent = done + deadLettered + left;
    return { sent, done, retried, rejected, deadLettered, elapsedMs: Math.round(elapsedMs) };
  }

  get #queueName(): string {
    return this.#options.fifo ? `${QUEUE_NAME}.fifo` : QUEUE_NAME;
  }

  #refused(fault: string, messages: number): void {
    this.#unsent += messages;
    this.#screen.print(`not sent: ${messages} message${messages === 1 ? "" : "s"}: ${printable(fault)}`);
  }

  async *#messages(count: number, workMs: number | undefined) {
    for (let n = 1; n <= count && !this.#stopping; n++)
      yield { line: n, message: sampleMessage(this.#options, n, workMs) };
  }
}
