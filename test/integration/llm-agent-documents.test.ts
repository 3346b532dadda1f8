import { afterAll, expect, test } from "@jest/globals";
import { killCommands } from "../support/command.js";
import {
  busNotification,
  DOCUMENTS,
  DocumentsBundle,
  notification,
  type PutDocument,
  throughTopic,
} from "../support/documents-bundle.js";
import { eventually } from "../support/eventually.js";
import { AS_MODULE, asProgram, IN_PROCESSES, logged } from "../support/llm-agent.js";
import { modelCalls, modelSays } from "../support/model-endpoint.js";
import { pythonSuite } from "../support/python-suite.js";

afterAll(killCommands);

const TEST_MS = 90_000;
const PACKAGES = ["boto3==1.44.8"];

await pythonSuite("the agent on a language model, with documents in S3,", PACKAGES, (python) => {
  const WAYS = [
    ["as a module", AS_MODULE],
    ["as a module in processes", IN_PROCESSES],
    ["as a program", asProgram(python)],
  ] as const;

  test.each(WAYS)(
    "%s: answers beside each, once, whatever way its event came",
    async (_, how) => {
      await using at = await DocumentsBundle.start();
      const ways: readonly ((document: PutDocument) => string)[] = [
        notification,
        busNotification,
        (document) => throughTopic(notification(document)),
      ];
      const documents = await Promise.all(
        ways.map((_each, n) => at.put(`in/päper ${n}+1.txt`, "the text ".repeat(n + 1))),
      );
      for (const [n, document] of documents.entries()) at.bundle.send(ways[n]!(document));
      const run = at.run(how);
      await at.emptied();
      const answers = documents.map(({ key }) => `answers/${key}.md`);
      expect(await Promise.all(answers.map((key) => at.text(key)))).toEqual(
        [2, 4, 6].map((words) => `It has ${words} words.`),
      );
      expect(at.model.asked[0]!.map(({ role }) => role)).toEqual(["system", "user"]);
      expect(logged(run.stdout, "answered")).toHaveLength(3);
      expect(at.model.served).toBe(6);
      // S3 is called with the role's credentials, of a session for each message.
      expect(new Set(at.sts.asked.map(({ RoleSessionName }) => RoleSessionName)).size).toBe(3);

      // The same again by another way, the answers' own events, a removal and S3's test: nothing is asked of the model.
      at.bundle.send(
        busNotification(documents[0]!),
        notification({ key: answers[0]!, size: 15, etag: "e", sequencer: "0A" }),
        notification(documents[1]!, "ObjectRemoved:Delete"),
        JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: DOCUMENTS }),
      );
      await at.emptied();
      expect(at.model.served).toBe(6);
      expect(await at.keys()).toEqual([...answers, ...documents.map(({ key }) => key)].sort());
      expect(await at.bundle.deadLetters()).toEqual([]);
    },
    TEST_MS,
  );

  test.each(WAYS)(
    "%s: rejects what is too large or no text, and leaves alone what was replaced or is gone",
    async (_, how) => {
      await using at = await DocumentsBundle.start();
      const large = await at.put("large.txt", "a".repeat(2_049));
      const replaced = await at.put("replaced.txt", "old");
      await at.put("replaced.txt", "new");
      const gone: PutDocument = { key: "gone.txt", size: 3, etag: "none", sequencer: "0B" };
      at.bundle.send(
        notification(large),
        // Whoever sends may say less than it is.
        notification({ ...large, size: 1, sequencer: "0C" }),
        notification(await at.put("image.png", Buffer.from([0x89, 0x50, 0x4e, 0x47]))),
        notification(await at.put("null.txt", "a\0b")),
        notification(await at.put("empty.txt", " ")),
        notification(replaced),
        notification(gone),
      );
      const run = at.run({ ...how, DOCUMENT_MAX_KB: "2" });
      await at.emptied();
      const dead = await at.bundle.deadLetters();
      const reasons = dead.map(({ MessageAttributes }) => MessageAttributes!.QueuehandReason!.StringValue);
      const tooLarge = "has 2049 bytes, more than the 2048 of DOCUMENT_MAX_KB";
      expect(reasons.sort()).toEqual([
        expect.stringMatching(/^s3:\/\/documents\/empty.txt#00\d is empty$/),
        expect.stringMatching(/^s3:\/\/documents\/image.png#00\d is no text \(UTF-8\)$/),
        expect.stringContaining(tooLarge),
        expect.stringContaining(tooLarge),
        expect.stringMatching(/^s3:\/\/documents\/null.txt#00\d is no text \(UTF-8\)$/),
      ]);
      expect(logged(run.stdout, "nothing to answer")).toHaveLength(2);
      expect(at.model.asked).toEqual([]);
    },
    TEST_MS,
  );

  test.each(WAYS)(
    "%s: writes no answer to what was replaced while it was asked, over that of the newer",
    async (_, how) => {
      await using at = await DocumentsBundle.start();
      const old = await at.put("in/paper.txt", "one");
      at.model.script(async () => {
        at.bundle.send(notification(await at.put("in/paper.txt", "one two")));
        return modelSays({ content: "Of the old one." });
      });
      at.bundle.send(notification(old));
      const run = at.run({ ...how, CONCURRENCY: "1" });
      await at.emptied();
      expect(logged(run.stdout, "answered")).toHaveLength(2);
      expect(await at.text("answers/in/paper.txt.md")).toBe("It has 2 words.");
      // The older event once more, late: nothing is asked again.
      at.bundle.send(notification(old));
      await at.emptied();
      expect(at.model.asked).toHaveLength(3);
      expect(await at.text("answers/in/paper.txt.md")).toBe("It has 2 words.");
    },
    TEST_MS,
  );

  test.each(WAYS)(
    "%s: keeps the conversation in a bucket between its turns, and never reads what it wrote",
    async (_, how) => {
      await using at = await DocumentsBundle.start();
      at.model.script(modelCalls("count_words", '{"text":"one two"}'), "never");
      at.bundle.send(notification(await at.put("in/paper.txt", "one two")));
      at.run({ ...how, STATE: `s3://${DOCUMENTS}/states/`, HANDLER_TIMEOUT_SECONDS: "3" });
      await eventually(
        async () => at.model.asked.length,
        (asked) => asked === 2,
      );
      const state = (await at.keys()).find((key) => key.startsWith("states/"))!;
      // Where no prefix keeps them apart, states tell of themselves, too.
      at.bundle.send(notification({ key: state, size: 100, etag: "", sequencer: "0D" }));
      await at.emptied();
      expect(at.model.asked.map(({ length }) => length)).toEqual([2, 4, 4]);
      expect(await at.keys()).toEqual(["answers/in/paper.txt.md", "in/paper.txt"]);
      expect(await at.bundle.deadLetters()).toEqual([]);
    },
    TEST_MS,
  );

  test.each(WAYS)(
    "%s: waits, and loses nothing, while the bucket can't be had",
    async (_, how) => {
      await using at = await DocumentsBundle.start();
      const document = await at.put("paper.txt", "one two");
      at.bundle.send(notification(document).replaceAll('"documents"', '"no-such-bucket"'));
      const run = at.run({ ...how, LOG_LEVEL: "debug" });
      await run.says(/NoSuchBucket.*message deferred|message deferred.*NoSuchBucket/);
      expect(at.bundle.left).toBe(1);
      expect(at.model.asked).toEqual([]);
    },
    TEST_MS,
  );
});
