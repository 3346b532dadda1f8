import type { Command } from "./command.js";
import { run } from "./run.js";

interface Entry {
  readonly summary: string;
  /** Loaded when it is asked for, but for `run`, which must not pay at its start for what only `dev` needs. */
  readonly load: () => Promise<Command>;
}

/** Every command that exists, in the order in which the help tells them. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: "poll a queue and hand each message to your agent, until told to stop",
    load: async () => run,
  },
  dev: {
    summary: "try it here: a queue server in memory, sample messages, a worker and its status",
    load: async () => (await import("./dev/dev.js")).dev,
  },
  init: {
    summary: "write a small project: an agent, its test, an image, settings",
    load: async () => (await import("./init/init.js")).init,
  },
  send: {
    summary: "send messages to a queue",
    load: async () => (await import("./send/send.js")).send,
  },
  dlq: {
    summary: "look at dead letters, mend them, send them back",
    load: async () => (await import("./dlq/dlq.js")).dlq,
  },
  console: {
    summary: "show several workers on one page",
    load: async () => (await import("./console/console.js")).showConsole,
  },
  config: {
    summary: "print the effective settings and where each came from",
    load: async () => (await import("./config.js")).config,
  },
  doctor: {
    summary: "ask the real queue what fits and what doesn't",
    load: async () => (await import("./doctor/doctor.js")).doctor,
  },
  simulate: {
    summary: "replay AWS's scaling loop over a load: waits, tasks, cost",
    load: async () => (await import("./simulate/simulate.js")).simulate,
  },
  plan: {
    summary: "tell the slots, tasks, quotas and the bill that a load needs",
    load: async () => (await import("./plan/plan.js")).plan,
  },
};
