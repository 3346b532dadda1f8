import type { AgentRole } from "../pipeline/ports/agent-role.js";
import type { Uses } from "../pipeline/ports/budget.js";
import type { Handler } from "../pipeline/ports/handler.js";
import type { AgentLogs } from "./agent-logs.js";
import type { Agent } from "./define-handler.js";
import { loadModule } from "./load-module.js";

/** Of the settings, what says how an agent is run. */
export interface AgentSettings {
  readonly handler:
    | { readonly kind: "module"; readonly path: string }
    | { readonly kind: "program"; readonly command: string }
    | { readonly kind: "service"; readonly url: string };
  readonly isolation: "none" | "process" | "process-per-message";
  readonly queueUrl: string;
  readonly concurrency: number;
  readonly serviceRejectStatus: readonly number[];
  readonly serviceReadyPath: string | undefined;
  readonly serviceReadySeconds: number;
  /** Starts the service, where the worker is to. */
  readonly agentCommand: string | undefined;
  readonly agentEnvironment: readonly string[];
  readonly agentMemoryMiB: number | undefined;
  readonly agentWorkMiB: number;
  readonly agentCpuSeconds: number | undefined;
  readonly agentOpenFiles: number | undefined;
  /** What each message takes of which budget. */
  readonly uses?: Uses | undefined;
}

const MIB = 2 ** 20;

/**
 * The agent that the settings name, ready for `createWorker`: a module's own, or a handler that runs it elsewhere. Each
 * way to run one elsewhere is loaded when it is named: a start must not pay for the others.
 * @param logs where the lines of agents go that aren't run in this process.
 * @param role the agent's own, where it is a program or a module in processes; a module's in this process gets its
 * credentials from the worker.
 * @throws AgentLoadError when it can be seen now that there is no such agent. More is seen when the handler starts.
 */
export async function handlerFor(settings: AgentSettings, logs: AgentLogs, role?: AgentRole): Promise<Agent | Handler> {
  const { handler, isolation, queueUrl, concurrency, agentCommand, agentEnvironment: passOn } = settings;
  const { agentMemoryMiB, agentWorkMiB, agentCpuSeconds, agentOpenFiles } = settings;
  const memoryBytesMax = agentMemoryMiB === undefined ? undefined : agentMemoryMiB * MIB;
  const shared = { passOn, logs, memoryBytesMax, openFilesMax: agentOpenFiles };
  const ofOne = { ...shared, role, cpuSecondsMax: agentCpuSeconds, workBytesMax: agentWorkMiB * MIB };
  switch (handler.kind) {
    case "program": {
      const { command } = handler;
      const { ProgramHandler } = await import("./program/program.js");
      const program = new ProgramHandler({ command, ...ofOne });
      await program.check();
      return program;
    }
    case "service": {
      const { ServiceHandler } = await import("./service/service.js");
      const service = new ServiceHandler({
        url: handler.url,
        queueName: queueUrl.split("/").at(-1) ?? "",
        rejected: settings.serviceRejectStatus,
        readyPath: settings.serviceReadyPath,
        readyMs: settings.serviceReadySeconds * 1000,
        uses: Object.keys(settings.uses ?? {}),
      });
      if (agentCommand === undefined) return service;
      const { WatchedService } = await import("./service/watched-service.js");
      const watched = new WatchedService({ command: agentCommand, service, ...shared });
      await watched.check();
      return watched;
    }
    case "module": {
      if (isolation === "none") return loadModule(handler.path);
      const { ProcessPool } = await import("./module/process-pool.js");
      const used = isolation === "process-per-message" ? { runsMax: 1 } : {};
      return new ProcessPool({ path: handler.path, slots: concurrency, ...used, ...ofOne });
    }
  }
}
