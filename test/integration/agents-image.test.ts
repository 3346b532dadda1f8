import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "@jest/globals";
import { GenericContainer, Wait } from "testcontainers";
import { workerImage } from "../support/image.js";
import { imageSuite } from "../support/image-suite.js";
import { EMPTY } from "../support/localstack.js";
import type { LogLine } from "../support/log-lines.js";

const exec = promisify(execFile);

/** What an agent tries that was turned bad by a message: it looks for CANARY wherever a process may look. */
const ATTACK = `
  const fs = require("node:fs");
  const canary = "CAN" + "ARY";
  const found = [];
  const denied = [];
  const look = (where, read) => {
    try {
      if (read().includes(canary)) found.push(where);
    } catch (error) {
      if (error.code === "EACCES" || error.code === "EPERM") denied.push(where);
    }
  };
  const memory = (pid) => {
    const file = fs.openSync("/proc/" + pid + "/mem", "r");
    for (const line of fs.readFileSync("/proc/" + pid + "/maps", "latin1").split("\\n")) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? [];
      if (from === undefined) continue;
      const part = Buffer.alloc(Math.min(parseInt(to, 16) - parseInt(from, 16), 2 ** 25));
      try { fs.readSync(file, part, 0, part.length, parseInt(from, 16)); } catch { continue; }
      if (part.includes(canary)) return canary;
    }
    return "";
  };
  look("own environment", () => JSON.stringify(process.env));
  const names = Object.keys(process.env).filter((name) => /^(AWS|ECS)_|TOKEN|SECRET/.test(name));
  const others = fs.readdirSync("/proc").filter((pid) => /^\\d+$/.test(pid) && Number(pid) !== process.pid);
  for (const pid of others) {
    look("environ of " + pid, () => fs.readFileSync("/proc/" + pid + "/environ", "latin1"));
    look("memory of " + pid, () => memory(pid));
    look("descriptors of " + pid, () => fs.readdirSync("/proc/" + pid + "/fd").join());
  }
  // Beyond 0 to 3 a process that was just started has only what it opened itself, or what it was left with.
  for (const fd of fs.readdirSync("/proc/self/fd").map(Number).filter((fd) => fd > 3)) {
    look("descriptor " + fd, () => fs.readlinkSync("/proc/self/fd/" + fd));
  }
  console.log("attacked " + JSON.stringify({ processes: others.length, names, found, denied: denied.length }));
`;

imageSuite("agents in the worker's image", (bundle) => {
  async function start(name: string, body: string, environment: Record<string, string>, image?: string) {
    const queue = await bundle.localStack.createQueues(name);
    await bundle.localStack.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: body }));
    const worker = await bundle.startWorker(queue, environment, { ...(image && { image }) });
    return { worker, queue };
  }

  const SECRETS = {
    AWS_SECRET_ACCESS_KEY: "CANARY",
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/CANARY",
    DATABASE_TOKEN: "CANARY",
  };

  async function attack(name: string, environment: Record<string, string> = {}) {
    const { worker } = await start(name, "attack", {
      ...SECRETS,
      HANDLER: `exec:sh -c 'exec node -e "$RUN_ATTACK"'`,
      RUN_ATTACK: ATTACK,
      ...environment,
    });
    const { fields } = await worker.lines.first(({ fields }) => String(fields.line).startsWith("attacked "));
    return JSON.parse(String(fields.line).slice("attacked ".length));
  }

  test("find none of the worker's secrets, wherever they look", async () => {
    const { processes, names, found, denied } = await attack("attacked");
    expect({ names, found }).toEqual({ names: [], found: [] });
    // The init and the worker were looked into, in three ways each.
    expect(processes).toBeGreaterThanOrEqual(2);
    expect(denied).toBeGreaterThanOrEqual(6);
  }, 60_000);

  test("would find them without what makes the worker unreadable", async () => {
    const { found } = await attack("attacked-bare", { LD_PRELOAD: "" });
    expect(found).toEqual(expect.arrayContaining(["environ of 1", "memory of 1"]));
  }, 60_000);

  /** Starts `sleep SECONDS`, and with it a process that has left its group, its parent and its environment. */
  const leaving = (seconds: number) => `(setsid env -i sleep ${seconds} >/dev/null 2>&1 3>&- &);`;
  /** Prints how many such there are. */
  const count = (seconds: number) => `
    n=0;
    for f in /proc/[0-9]*/cmdline; do
      case "$(tr "\\0" " " <$f 2>/dev/null)" in "sleep ${seconds} "*) n=$((n+1));; esac;
    done;
    echo "$n of ${seconds}";`;

  test("leave nothing behind that left its group and its environment; what others started is left alone", async () => {
    const { worker } = await start("escaped", "escape", {
      HANDLER: `exec:sh -c 'eval "$RUN_SCRIPT"'`,
      // For longer than two looks it belongs to a run that lives.
      RUN_SCRIPT: `${leaving(600)} sleep 5; ${count(600)}`,
    });
    await worker.running();
    await worker.run(["sh", "-c", leaving(601)]);
    await worker.lines.first(({ fields }) => fields.line === "1 of 600");
    const killed = ({ fields }: { fields: Record<string, unknown> }) =>
      fields.msg === "processes that had left their agents' groups were killed";
    const { fields } = await worker.lines.first(killed);
    expect(fields.processes).toBe(1);
    expect(await worker.run(["sh", "-c", count(600) + count(601)])).toBe("0 of 600\n1 of 601");
    expect(worker.lines.where(killed)).toHaveLength(1);
  }, 60_000);

  test("run as the HTTP example, beside the worker as its sidecar", async () => {
    const queue = await bundle.localStack.createQueues("sidecar");
    const sidecar = await new GenericContainer(await workerImage())
      .withNetwork(bundle.localStack.network)
      .withEntrypoint(["node", "examples/http-agent/server.mjs"])
      .withCommand([])
      .withWaitStrategy(Wait.forLogMessage("listening on 8000"))
      .start();
    try {
      for (const body of ['{"task_id":"1"}', '{"task_id":"2","busy":true}', "no JSON"]) {
        await bundle.localStack.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: body }));
      }
      const worker = await bundle.startWorker(
        queue,
        { HANDLER: "http://127.0.0.1:8000/run" },
        { beside: sidecar.getId() },
      );
      await bundle.localStack.countsBecome(queue.url, EMPTY);
      expect(await bundle.localStack.counts(queue.deadLetterUrl)).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
      await worker.signal("SIGTERM");
      expect(await worker.end()).toMatchObject({ exitCode: 0 });
      const ended = worker.lines.where(({ fields }) => fields.msg === "message settled");
      expect(ended.map(({ fields }) => fields.outcome).toSorted()).toEqual(["done", "done", "reject", "retry"]);
    } finally {
      await sidecar.stop();
    }
  }, 90_000);

  test("run as the Python example, with the worker copied into a Python image", async () => {
    // Where Python's own image can't be had, Debian's packages make one.
    const python = "queuehand-python:test";
    const building = exec("docker", ["build", "-q", "-t", python, "-"]);
    building.child.stdin!.end(
      "FROM debian:bookworm-slim\nRUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 libstdc++6\n",
    );
    await building;
    const image = "queuehand-python-agent:test";
    const queuehand = await workerImage();
    await exec("docker", [
      ...["build", "-q", "-t", image],
      ...["--build-arg", `QUEUEHAND_IMAGE=${queuehand}`, "--build-arg", `PYTHON_IMAGE=${python}`],
      "examples/python-agent",
    ]);
    const { worker, queue } = await start(
      "python",
      '{"task_id":"1","text":"four words are here"}',
      { HANDLER: "exec:python3 agent.py" },
      image,
    );
    await bundle.localStack.countsBecome(queue.url, EMPTY);
    // The queue may be empty before the container's output has come here.
    const itsLine = ({ fields }: LogLine) => fields.line === "task 1 has 4 words";
    await worker.lines.first(itsLine);
    expect(worker.lines.where(itsLine)).toHaveLength(1);
    await worker.healthy();
    await worker.signal("SIGTERM");
    expect(await worker.end()).toMatchObject({ exitCode: 0 });
  }, 180_000);
});
