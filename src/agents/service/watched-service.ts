import { setTimeout as sleep } from "node:timers/promises";
import type { Handler, Run } from "../../pipeline/ports/handler.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { maskedValue } from "../../text/masked.js";
import type { AgentLogs } from "../agent-logs.js";
import { AgentLoadError } from "../load-module.js";
import { agentEnvironment } from "../process/agent-environment.js";
import { AgentOutput } from "../process/agent-output.js";
import { AgentProcess } from "../process/agent-process.js";
import { commandWords } from "../process/command-words.js";
import { EscapeeWatch } from "../process/escapee-watch.js";
import { findExecutable } from "../process/executable.js";
import { Launcher } from "../process/launcher.js";
import { type AgentLimits, LimitWatch } from "../process/limit-watch.js";
import { missingScript } from "../process/script.js";

export interface WatchedServiceOptions extends Pick<AgentLimits, "memoryBytesMax"> {
  /** The command line that starts the service: words, with quotes; no shell sees it. */
  readonly command: string;
  /** Talks to the service, and knows whether somebody listens where it is to. */
  readonly service: Handler & { answers(): Promise<boolean> };
  /** Names of the worker's variables that the service gets besides PATH, HOME, TMPDIR, LANG, TZ and RUN_*. */
  readonly passOn?: readonly string[];
  /** Most descriptors of each process; unset: no limit of ours. */
  readonly openFilesMax?: number | undefined;
  readonly logs: AgentLogs;
  /** The worker's environment; `process.env` if unset. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** From SIGTERM to SIGKILL: the drain's budget is used up then, and little is left of what the platform waits. */
const END_MS = 2_000;
const RESTART_MS = { first: 500, max: 30_000 };
/** One that ran for so long wasn't broken from the start: its successor isn't held back. */
const SOUND_MS = 60_000;

/**
 * A service that the worker starts, watches and ends. When it ends by itself it is started again, ever more slowly while
 * it ends soon; messages that come meanwhile find nobody and are deferred.
 */
export class WatchedService implements Handler {
  readonly #options: WatchedServiceOptions;
  readonly #limits: LimitWatch;
  readonly #launcher: Launcher;
  readonly #escapees: EscapeeWatch;
  readonly #stopAsked = new AbortController();
  #file = "";
  #args: readonly string[] = [];
  #process: AgentProcess | undefined;
  #watching: Promise<void> | undefined;

  constructor(options: WatchedServiceOptions) {
    this.#options = options;
    const { memoryBytesMax, openFilesMax, logs } = options;
    // It lives on from message to message: no limit on what one message takes can be held.
    this.#limits = new LimitWatch({ memoryBytesMax });
    this.#launcher = new Launcher({ openFilesMax });
    this.#escapees = new EscapeeWatch(logs.own);
  }

  /** Rejects with an AgentLoadError when the command can't be run here. */
  async check(): Promise<void> {
    const { command } = this.#options;
    try {
      const [name = "", ...args] = commandWords(command);
      this.#file = await findExecutable(name, this.#environment.PATH ?? "");
      this.#args = args;
      const fault = missingScript(name, args);
      if (fault !== undefined) throw new Error(fault);
    } catch (error) {
      const { message } = error as Error;
      throw new AgentLoadError(`AGENT_COMMAND "${maskedValue(command)}" can't run: its program ${message}`, {
        cause: error,
      });
    }
    await this.#launcher.check();
  }

  /**
   * Resolves when the service accepts connections; rejects with an AgentLoadError when it ends before that, or when
   * somebody else accepts them: messages would be theirs.
   */
  async start(signal: AbortSignal): Promise<void> {
    await this.check();
    if (await this.#options.service.answers()) {
      throw new AgentLoadError(
        `AGENT_COMMAND "${maskedValue(this.#options.command)}" can't start a service: at HANDLER's address somebody accepts connections already`,
      );
    }
    this.#escapees.start();
    const first = await this.#begin();
    const enough = new AbortController();
    let ended = false;
    const gone = first.ended.then(({ code, signal: killer }) => {
      ended = true;
      enough.abort();
      throw new AgentLoadError(
        `AGENT_COMMAND "${maskedValue(this.#options.command)}" ended before its service was ready: ${killer ?? `exit code ${code}`}`,
      );
    });
    gone.catch(() => {});
    try {
      await Promise.race([this.#options.service.start?.(AbortSignal.any([signal, enough.signal])), gone]);
      // Whoever accepts there was faster than a service that ended for want of its port: of that its end tells.
      if (ended) await gone;
    } catch (error) {
      first.kill(END_MS);
      await first.ended;
      throw error;
    }
    this.#watching = this.#watch(first);
  }

  run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    return this.#options.service.run(message, run);
  }

  async stop(): Promise<void> {
    this.#stopAsked.abort();
    await this.#options.service.stop?.();
    this.#process?.kill(END_MS);
    await this.#watching;
    this.#escapees.stop();
  }

  get #environment(): Record<string, string> {
    return agentEnvironment(this.#options.environment ?? process.env, this.#options.passOn ?? []);
  }

  async #begin(): Promise<AgentProcess> {
    const { logs } = this.#options;
    const started = await AgentProcess.start({
      ...this.#launcher.wrap(this.#file, this.#args),
      environment: this.#environment,
    });
    const output = new AgentOutput(() => logs.own);
    output.read(started.stdout, "stdout");
    output.read(started.stderr, "stderr");
    started.channel.resume();
    started.stdin.end();
    const unwatch = this.#limits.watch({
      leader: started.pid,
      onOver: (excess) => {
        logs.own.warn({ excess }, "the service took more than it may: killed");
        started.kill(0);
      },
    });
    void started.ended.then(() => {
      unwatch();
      output.finish();
    });
    this.#process = started;
    return started;
  }

  /** Never rejects. */
  async #watch(first: AgentProcess): Promise<void> {
    const { signal } = this.#stopAsked;
    const { logs } = this.#options;
    let running: AgentProcess | undefined = first;
    for (let pause = RESTART_MS.first; ; pause = Math.min(RESTART_MS.max, pause * 2)) {
      const since = performance.now();
      const exit = await running?.ended;
      if (signal.aborted) return;
      if (performance.now() - since > SOUND_MS) pause = RESTART_MS.first;
      logs.own.warn({ ...exit, restartInMs: pause }, "the service is down and will be started again");
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      running = await this.#begin().catch((error: Error) => {
        logs.own.error({ error: error.message }, "the service can't be started");
        return undefined;
      });
      if (signal.aborted) running?.kill(END_MS);
    }
  }
}
