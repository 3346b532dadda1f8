import { LOAD_FORMS } from "../../scaling/load.js";
import type { CommandLine } from "../command-line.js";
import { BUDGET_OPTION } from "./budget-option.js";
import { FLEET_OPTIONS } from "./fleet-options.js";
import { type LoadDefaults, loadTimeOptions } from "./load-source.js";
import { LOOP_OPTIONS } from "./loop-options.js";

/** What is simulated where nothing is said. */
export const LOAD_DEFAULTS: LoadDefaults = { load: "step:100..1000", period: 600, burst: 60 };

/** What `queuehand simulate` takes. */
export const LINE: CommandLine = {
  name: "simulate",
  about:
    "Replays AWS's scaling loop over a load, with the policy of infra/scaling.yaml, message by message: how long messages wait, " +
    "how many tasks run, what that costs. Needs no AWS account. A CSV trace has the columns time,messages or time,rate; docs/scaling.md has a command that exports one from CloudWatch.",
  options: [
    {
      name: "load",
      value: "LOAD",
      meaning: `${LOAD_FORMS}; rates in messages a second (default: ${LOAD_DEFAULTS.load})`,
    },
    ...loadTimeOptions(LOAD_DEFAULTS),
    {
      name: "noise",
      value: "SHARE",
      meaning: "how much the load wanders from minute to minute, such as 0.1 (default: 0)",
    },
    { name: "for", value: "SECONDS", meaning: "how long to simulate (default: 1800; a diurnal curve or a trace once)" },
    ...FLEET_OPTIONS,
    ...LOOP_OPTIONS,
    BUDGET_OPTION,
    { name: "start-spread", value: "SHARE", meaning: "coefficient of variation of the start's time (default: 0)" },
    { name: "tasks", value: "N", meaning: "tasks of a service at the start (default: what the first rate needs)" },
    { name: "services", value: "N", meaning: "services on the queue, each with the policy (default: 1)" },
    {
      name: "set",
      value: "NAME=VALUE",
      many: true,
      meaning: "a parameter of the template; MaxTasks is 5000 unless set",
    },
    { name: "compare", meaning: "also run target tracking on backlog per task, Copilot's, KEDA's and CDK's policies" },
    { name: "count-noise", value: "SHARE", meaning: "error of the queue's counts (default: 0)" },
    {
      name: "agent-time-error",
      value: "FACTOR",
      meaning: "workers measure agents' time wrong by this factor (default: 1)",
    },
    { name: "missing", value: "SHARE", meaning: "publications that never arrive (default: 0)" },
    { name: "desired-lag", value: "SECONDS", meaning: "age of the desired count that publishers know (default: 0)" },
    { name: "publish-jitter", value: "SECONDS", meaning: "publishers are early by up to this (default: 1)" },
    { name: "drain-seconds", value: "SECONDS", meaning: "SHUTDOWN_TIMEOUT_SECONDS (default: 110)" },
    {
      name: "protect",
      value: "auto|busy|off",
      meaning: "tasks with an agent are protected from scale-in, or not (default: auto, by the agents' time)",
    },
    { name: "spot-loss", value: "SHARE", meaning: "share of Spot tasks taken back in an hour (default: 0.05)" },
    { name: "fifo", meaning: "price the calls as a FIFO queue's" },
    {
      name: "group",
      value: "N",
      meaning: "messages simulated as one, a divisor of the slots (default: 1 below 20 million)",
    },
    { name: "seed", value: "N", meaning: "equal seeds give equal runs (default: 1)" },
    { name: "html", value: "FILE", meaning: "writes a page with charts of arrivals, backlog, tasks and wait" },
  ],
  examples: [
    "queuehand simulate --load step:100..10000 --at 60 --for 1800 --agent-seconds 3 --slots 20 --start-seconds 45",
    "queuehand simulate --load ramp:100..10000 --over 300 --slots 20 --compare --html ramp.html",
    "queuehand simulate --load diurnal:500..5000 --noise 0.05 --slots 20 --json",
    "queuehand simulate --load monday.csv --set TargetDemand=80 --set MaxTasks=200",
  ],
  exits: [
    ["0", "simulated"],
    ["1", "a trace, a template or a price table can't be read: each fault is named"],
    ["64", "wrong command line"],
  ],
};
