import { describe, expect, test } from "@jest/globals";
import { parseCommandLine } from "../../../../../src/cli/command-line.js";
import { LINE } from "../../../../../src/cli/dev/scale/scale-line.js";
import { scaleOptionsOf } from "../../../../../src/cli/dev/scale/scale-options.js";
import { workerSettings } from "../../../../../src/cli/dev/scale/worker-settings.js";
import { helpOf } from "../../../../../src/cli/help.js";

const options = (...argv: string[]) => scaleOptionsOf(parseCommandLine(LINE, argv));

describe("dev --scale", () => {
  test("takes a load that one sees grow and shrink, at twenty times the speed, where nothing is said", async () => {
    const { speed, load, policy, agentSeconds, slots, planned } = await options();
    expect({ speed, load: load.name, agentSeconds, slots, planned, maxTasks: policy.maxTasks }).toEqual({
      speed: 20,
      load: "bursts:20..300",
      agentSeconds: 3,
      slots: 10,
      planned: [],
      maxTasks: 10,
    });
  });

  test("plans actions", async () => {
    const { planned } = await options("--do", "kill@10", "--do", "deploy@20.5");
    expect(planned).toEqual([
      { action: "kill", second: 10 },
      { action: "deploy", second: 20.5 },
    ]);
  });

  test.each([
    [["--load", "wave:1..2"], "a load must be constant:RATE, step:A..B"],
    [["--load", "step:5"], "step takes two rates"],
    [["--load", "step:5..many"], 'a rate must be a number of messages a second between 0 and 1000000, got "many"'],
    [["--load", "ramp:5..60000"], '"ramp:5..60000" are more than one machine bears, 5000'],
    [["--load", "no-such.csv"], "--load: ENOENT"],
    [["--speed", "0"], "--speed must be a number between 1 and 50"],
    [["--do", "explode@5"], "--do must be one of kill, freeze, cut, poison, deploy"],
    [["--do", "kill"], '--do must be one of kill, freeze, cut, poison, deploy with @SECOND, as in kill@10, got "kill"'],
    [["--set", "MaxTasks=7"], "MaxTasks must be one of"],
    [["--for", "soon"], "--for must be a whole number"],
    [["--bursts", "5"], "unknown option --bursts; did you mean --burst?"],
  ])("names the part of %j that makes no sense", async (argv, fault) => {
    await expect((async () => options(...argv))()).rejects.toThrow(fault);
  });

  test("gives the workers what was asked for, and protection to those whose agents outlast half a drain", async () => {
    const settings = workerSettings(await options("--slots", "5", "--agent-seconds", "90"));
    expect(settings).toEqual({
      CONCURRENCY: "5",
      VISIBILITY_TIMEOUT: "120",
      TARGET_DELAY_SECONDS: "30",
      DRAIN_BACKLOG_SECONDS: "300",
      SHUTDOWN_TIMEOUT_SECONDS: "110",
      TASK_PROTECTION: "auto",
    });
    expect(workerSettings(await options())).toMatchObject({ TASK_PROTECTION: "off" });
  });

  test("has a help that names its clock, its load and its actions", () => {
    const help = helpOf(LINE);
    for (const word of ["--speed", "--load", "--for", "--do", "messages a second of your clock", "k kill a task"]) {
      expect(help).toContain(word);
    }
  });
});
