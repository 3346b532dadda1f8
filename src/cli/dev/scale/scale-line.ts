import { LOAD_FORMS } from "../../../scaling/load.js";
import type { CommandLine } from "../../command-line.js";
import { FLEET_OPTIONS } from "../../simulate/fleet-options.js";
import { type LoadDefaults, loadTimeOptions } from "../../simulate/load-source.js";
import { LOOP_OPTIONS } from "../../simulate/loop-options.js";

/** A calm and a busy quarter of an hour in turns, so that a fleet is seen to grow and to shrink. */
export const LOAD_DEFAULTS: LoadDefaults = { load: "bursts:20..300", period: 900, burst: 420 };

export const SPEED = { min: 1, max: 50, fallback: 20 } as const;

/** Processes are what this machine has to bear. */
export const MAX_TASKS = 10;

/** What `queuehand dev --scale` takes. */
export const LINE: CommandLine = {
  name: "dev --scale",
  about:
    "The whole scaling loop on this machine: a queue server in memory, a load that you shape, workers in processes of their own in place of tasks, and AWS's control loop over the metrics that they publish, with the policy of infra/scaling.yaml. Needs no AWS account and no Docker, and listens on loopback only.\nThe fleet has a clock of its own, which runs --speed times as fast as yours: every time below is of the fleet's clock but that of --for. A load's rates are messages a second of your clock, which is what really goes through the queue; a fleet on AWS of which this is the film gets them divided by the speed.\nOn a terminal, keys: k kill a task, f freeze one, c cut its network, p poison one message in ten, d deploy a new version, + and - the load, q quit. The same on the page, and by HTTP: POST /api/scale/ACTION.",
  options: [
    {
      name: "speed",
      value: "N",
      meaning: `seconds of the fleet's clock in one of yours (${SPEED.min}..${SPEED.max}, default ${SPEED.fallback}; 1 = real time)`,
    },
    {
      name: "load",
      value: "LOAD",
      meaning: `${LOAD_FORMS}; rates in messages a second of your clock (default: ${LOAD_DEFAULTS.load})`,
    },
    ...loadTimeOptions(LOAD_DEFAULTS),
    { name: "for", value: "SECONDS", meaning: "end by itself after so many seconds of your clock, with a summary" },
    ...FLEET_OPTIONS,
    ...LOOP_OPTIONS,
    { name: "tasks", value: "N", meaning: "tasks at the start (default: what the first rate needs)" },
    {
      name: "set",
      value: "NAME=VALUE",
      many: true,
      meaning: `a parameter of the template; MaxTasks is ${MAX_TASKS} unless set`,
    },
    { name: "visibility", value: "SECONDS", meaning: "VISIBILITY_TIMEOUT (default: 120)" },
    { name: "stop-timeout", value: "SECONDS", meaning: "from SIGTERM to SIGKILL (default: 120, Fargate's most)" },
    {
      name: "http-port",
      value: "PORT",
      meaning:
        "port of the page and its actions on loopback; 0 any free one, off none (default: 8080 or the next free one)",
    },
    { name: "port", value: "PORT", meaning: "port of the queue server (default: any free one)" },
    {
      name: "do",
      value: "ACTION@SECOND",
      many: true,
      meaning: "an action by itself at a second of your clock: kill@10, freeze@20, cut@30, poison@40, deploy@50",
    },
    { name: "seed", value: "N", meaning: "of the arrivals' and agents' times (default: 1)" },
  ],
  examples: [
    "queuehand dev --scale",
    "queuehand dev --scale --speed 20 --load step:5..500 --for 120 --json",
    "queuehand dev --scale --speed 20 --load constant:300 --do kill@20 --do deploy@30 --for 60",
    "queuehand dev --scale --speed 1 --load monday.csv --set MaxTasks=10",
  ],
  exits: [
    ["0", "ended, nothing was lost and no message was worked on twice at once"],
    ["1", "a message was lost or worked on twice at once, or a trace, template or price table can't be read"],
    ["64", "wrong command line"],
    ["69", "the queue server isn't installed, or doesn't start"],
  ],
};
