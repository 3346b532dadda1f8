import type { Handler } from "../pipeline/handler.js";
import type { AgentLogs } from "./agent-logs.js";
import type { Agent } from "./define-handler.js";

/** Of the settings, what says how an agent is run. */
export interface AgentSettings {
  readonly handler:
    | { readonly kind: "module"; readonly path: string }
    | { readonly kind: "program"; readonly command: string }
    | { readonly kind: "service"; readonly url: string };
  readonly isolation: "none" | "process" | "process-per-message";
  readonly queueUrl: string;
  readonly concurrency: number;
  /** Starts the service, where the worker is to. */
  readonly agentCommand: string | undefined;
  readonly agentEnvironment: readonly string[];
  readonly agentMemoryMiB: number | undefined;
  readonly agentWorkMiB: number;
}

const MIB = 2 ** 20;

/**
 * The agent that the settings name, ready for `createWorker`: a module's own, or a handler that runs it elsewhere. Each
 * way to run one is loaded when it is named: a start must not pay for the others.
 * @param logs where the lines of agents go that aren't run in this process.
 * @throws AgentLoadError when it can be seen now that there is no such agent. More is seen when the handler starts.
 */
export async function handlerFor(settings: AgentSettings, logs: AgentLogs): Promise<Agent | Handler> {
  const {
    handler,
    isolation,
    queueUrl,
    concurrency,
    agentEnvironment: passOn,
    agentMemoryMiB,
    agentWorkMiB,
  } = settings;
  const memory = agentMemoryMiB === undefined ? {} : { memoryBytesMax: agentMemoryMiB * MIB };
  switch (handler.kind) {
    case "program": {
      const { command } = handler;
      const { ProgramHandler } = await import("./program.js");
      const program = new ProgramHandler({ command, passOn, workBytesMax: agentWorkMiB * MIB, ...memory, logs });
      await program.check();
      return program;
    }
    case "service": {
      const { ServiceHandler } = await import("./service.js");
      const service = new ServiceHandler({ url: handler.url, queueName: queueUrl.split("/").at(-1) ?? "" });
      const { agentCommand: command } = settings;
      if (command === undefined) return service;
      const { WatchedService } = await import("./watched-service.js");
      const watched = new WatchedService({ command, service, passOn, ...memory, logs });
      await watched.check();
      return watched;
    }
    case "module": {
      const { loadModule } = await import("./load-module.js");
      if (isolation === "none") return loadModule(handler.path);
      const { ProcessPool } = await import("./process-pool.js");
      const used = isolation === "process-per-message" ? { runsMax: 1 } : {};
      return new ProcessPool({ path: handler.path, slots: concurrency, passOn, ...used, ...memory, logs });
    }
  }
}
