import { execFile, execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { dockerReason } from "../support/docker.js";
import { reaching } from "../support/run-settings.js";
import { MiniStack } from "../support/stacks/ministack.js";

const START_TIMEOUT_MS = 180_000;

function awsReason(): string | undefined {
  try {
    execFileSync("aws", ["--version"], { stdio: "pipe" });
    return undefined;
  } catch {
    return "no aws command is on the PATH";
  }
}

const reason = dockerReason() ?? awsReason();

(reason ? describe.skip : describe)(`scripts/deploy on MiniStack${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let ministack: MiniStack;
  beforeAll(async () => {
    ministack = await MiniStack.start();
  }, START_TIMEOUT_MS);
  afterAll(() => ministack?.stop(), START_TIMEOUT_MS);

  /** Runs it as somebody without a terminal does; resolves with its exit code and all that it said. */
  function deploy(...args: string[]): Promise<{ code: number; said: string }> {
    const env = {
      ...process.env,
      ...reaching(ministack.stacks.endpoint),
      DEPLOY_POLL_SECONDS: "0.2",
    };
    return new Promise((resolve) => {
      execFile("bash", ["scripts/deploy", ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr });
      });
    });
  }

  test(
    "a dry run shows what would be made, and makes nothing",
    async () => {
      const { code, said } = await deploy("shop", "--template", "queue", "--dry-run");
      expect(said).toMatch(/Add +- +DeadLetterQueue \(AWS::SQS::Queue\)/);
      expect(code).toBe(0);

      expect((await deploy("shop", "--delete", "--yes")).said).toContain("There is no stack shop.");
    },
    START_TIMEOUT_MS,
  );

  test(
    "makes a stack, keeps its parameters in an update, and says when there is nothing to do",
    async () => {
      const made = await deploy("shop", "--template", "queue", "--yes", "MaxReceiveCount=7");
      expect(made.said).toMatch(/QueueUrl\s+http.*\/shop\n/);
      expect(made.code).toBe(0);

      const updated = await deploy("shop", "--template", "queue", "--yes", "DelaySeconds=5");
      expect(updated.said).toContain("Stack shop is UPDATE_COMPLETE.");

      const again = await deploy("shop", "--template", "queue", "--yes", "DelaySeconds=5", "MaxReceiveCount=7");
      expect(again).toEqual({ code: 0, said: expect.stringContaining("Nothing to change.") });
    },
    START_TIMEOUT_MS,
  );

  test(
    "asks nobody where nobody is, and then changes nothing",
    async () => {
      const { code, said } = await deploy("shop", "--template", "queue", "DelaySeconds=6");
      expect(said).toContain("nobody is here to agree: give --yes");
      expect(code).toBe(1);
    },
    START_TIMEOUT_MS,
  );

  test.each([
    {
      wrong: "a parameter that the template doesn't have",
      args: ["Delay=5"],
      says: "no parameter Delay; it has QueueName",
    },
    {
      wrong: "parameters that contradict",
      args: ["DeadLetterRetentionSeconds=345600"],
      says: "must exceed RetentionSeconds",
    },
  ])(
    "refuses $wrong",
    async ({ args, says }) => {
      const { code, said } = await deploy("shop", "--template", "queue", "--yes", ...args);
      expect(said).toContain(says);
      expect(code).toBe(1);
    },
    START_TIMEOUT_MS,
  );

  test(
    "fails loudly, with the reason of what failed",
    async () => {
      // MiniStack knows no alarm on metric math, so this stack fails there half way.
      const names = ["ClusterName", "SecurityGroupIds", "QueueName", "TaskDefinitionArn"];
      const parameters = names.map((name) => `${name}=shop`);
      const { code, said } = await deploy(
        "tasks",
        "--template",
        "service",
        "--yes",
        "SubnetIds=subnet-1",
        ...parameters,
      );
      expect(said).toMatch(/What failed:\n {2}tasks \/ FailingAgentsAlarm: .*metric math/);
      expect(said).toMatch(/deploy: stack tasks is ROLLBACK_COMPLETE/);
      expect(code).toBe(1);
    },
    START_TIMEOUT_MS,
  );

  test(
    "deletes a stack",
    async () => {
      const { code, said } = await deploy("shop", "--delete", "--yes");
      expect(said).toContain("Deleted.");
      expect(code).toBe(0);
    },
    START_TIMEOUT_MS,
  );

  test("names what is wrong with the command line", async () => {
    expect(await deploy("shop", "--templates", "queue")).toEqual({
      code: 64,
      said: "deploy: there is no option --templates\nTry: scripts/deploy --help\n",
    });
    expect((await deploy()).said).toContain("no stack named");
  });
});
