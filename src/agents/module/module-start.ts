import { fileURLToPath } from "node:url";
import { ownFile } from "../../package/own-files.js";
import type { AgentRole } from "../../pipeline/ports/agent-role.js";
import { AgentProcess } from "../process/agent-process.js";
import type { Launcher } from "../process/launcher.js";
import type { WorkFolder } from "../process/work-folder.js";
import { typescriptOptions } from "../typescript.js";
import { ASKED_FIRST, WITH_ROLE, WITH_TRACES } from "./module-wire.js";

const HOST = "agents/module/module-host.js";
/** Has `import "queuehand"` mean src/agent.ts there. */
const LIGHT = "--conditions=queuehand-agent";
/** Loading a module may take so long, top-level awaits included. */
const START_MS = 60_000;

export interface ModuleStartOptions {
  /** As HANDLER names it. */
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The process's own, emptied before and after each message, and removed with it. */
  readonly folder: WorkFolder;
  /** V8's limit on the old space, in MiB; Node's own if unset. */
  readonly heapMiBMax?: number;
  readonly launcher: Launcher;
  /** The agent's own, where it has one. */
  readonly role?: AgentRole | undefined;
  /** Whether the agent is to run in the context of its run's span. */
  readonly traced?: boolean;
  /** Whether it is asked for what a message takes of budgets before the message's run. */
  readonly askedFirst: boolean;
}

/** Starts a process that loads the module. Rejects with a StartError; its folder is removed then. */
export async function startHost(options: ModuleStartOptions): Promise<AgentProcess> {
  const { path, environment, folder, heapMiBMax, launcher, role, traced, askedFirst } = options;
  const flags = [
    LIGHT,
    ...typescriptOptions(),
    ...(heapMiBMax === undefined ? [] : [`--max-old-space-size=${heapMiBMax}`]),
  ];
  const asked = [...(role ? [WITH_ROLE] : []), ...(traced ? [WITH_TRACES] : []), ...(askedFirst ? [ASKED_FIRST] : [])];
  try {
    return await AgentProcess.start({
      ...launcher.wrap(process.execPath, [...flags, fileURLToPath(ownFile(HOST)), path, ...asked]),
      environment: { ...environment, TMPDIR: folder.path, QUEUEHAND_WORK_DIR: folder.path },
    });
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Waits for a process's first word, which is its module's: only the first counts. */
export class Loading {
  readonly #end = Promise.withResolvers<string | undefined>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setTimeout(() => {
      this.unfit(`the module was not loaded after ${START_MS / 1000} s; is there a top-level await that hangs?`);
    }, START_MS);
  }

  /** Resolves with why the module can't be used; undefined: it can. */
  get end(): Promise<string | undefined> {
    return this.#end.promise;
  }

  ready(): void {
    this.#over(undefined);
  }

  unfit(why: string): void {
    this.#over(why);
  }

  #over(why: string | undefined): void {
    clearTimeout(this.#timer);
    this.#end.resolve(why);
  }
}
