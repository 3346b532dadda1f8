import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { workerImage } from "../support/image.js";
import { imageSuite } from "../support/image-suite.js";
import { EMPTY } from "../support/localstack.js";

const exec = promisify(execFile);
const IMAGE = "queuehand-consumer-image:test";

imageSuite("an agent with dependencies of its own, in an image of its own", (bundle) => {
  beforeAll(async () => {
    const queuehand = await workerImage();
    const build = ["build", "-q", "-t", IMAGE, "--build-arg", `QUEUEHAND_IMAGE=${queuehand}`];
    await exec("docker", [...build, "test/consumer/image"]);
  }, 180_000);

  describe.each(["none", "process"])("with ISOLATION=%s", (ISOLATION) => {
    test("finds them and queuehand, without root and on a read-only root", async () => {
      const queue = await bundle.localStack.createQueues(`own-${ISOLATION}`);
      for (const MessageBody of ['{"id":"42"}', "{}"]) {
        await bundle.localStack.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody }));
      }
      const worker = await bundle.startWorker(queue, { ISOLATION, HANDLER: "./agent.mjs" }, { image: IMAGE });
      await bundle.localStack.countsBecome(queue.url, EMPTY);
      expect(await bundle.localStack.counts(queue.deadLetterUrl)).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
      const ended = worker.lines.where(({ fields }) => fields.msg === "message settled");
      expect(ended.map(({ fields }) => fields.outcome).toSorted()).toEqual(["done", "reject"]);
      await worker.healthy();
      expect(await worker.inspect()).toEqual({ user: "node", readOnly: true });
      await worker.signal("SIGTERM");
      expect(await worker.end()).toMatchObject({ exitCode: 0 });
    }, 120_000);
  });
});
