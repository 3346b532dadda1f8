import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { ProducerBundle, type Seen } from "../support/producer-bundle.js";
import { PRODUCERS, type ProducerMessage } from "../support/producers/producers.js";

// Several workers at once, each with its commands.
jest.setTimeout(180_000);

let bundle: ProducerBundle;
beforeAll(async () => {
  bundle = await ProducerBundle.start(PRODUCERS);
});
afterAll(() => bundle.stop());

/** Messages by what DECODE has to say for them. */
const GROUPS = [...Map.groupBy(PRODUCERS, ({ decode }) => decode ?? "auto")];

const sentAttributes = ({ attributes = {} }: ProducerMessage) =>
  Object.fromEntries(Object.entries(attributes).map(([name, { string }]) => [name, string]));
const wanted = (message: ProducerMessage) => ({
  producer: message.producer,
  body: message.seen instanceof Uint8Array ? [...message.seen] : message.seen,
  attributes: message.seenAttributes ?? sentAttributes(message),
});

/** What was seen, told in the same words. */
function told({ bytes, attributes }: Seen, { producer, seen }: ProducerMessage) {
  const text = bytes.toString();
  const body = seen instanceof Uint8Array ? [...bytes] : typeof seen === "string" ? text : JSON.parse(text);
  return { producer, body, attributes };
}

/** Those that a header can carry: no blank in a name, and no bytes. */
function asHeaders(attributes: Readonly<Record<string, string | undefined>>, { producer }: ProducerMessage) {
  const isBinary = (name: string) => producer === "SNS" && name === "mark";
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => /^[\w.-]+$/.test(name) && !isBinary(name))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
}

describe("Each producer's message is seen as it was meant", () => {
  test.each<[string, Record<string, string>]>([
    ["a module", {}],
    ["a module in a process", { ISOLATION: "process" }],
    ["a program", { HANDLER: `exec:${process.execPath} program.mjs` }],
  ])("by %s", async (_, env) => {
    await Promise.all(
      GROUPS.map(async ([DECODE, messages]) => {
        const { queueUrl, deadUrl } = await bundle.queues();
        const sent = await bundle.send(queueUrl, messages);
        const seen = await bundle.work(queueUrl, { DECODE, ...env });
        expect(await bundle.server.messages(deadUrl)).toEqual([]);
        const found = new Map(seen.map((one) => [sent.get(one.id), one]));
        expect(messages.map((message) => told(found.get(message)!, message))).toEqual(messages.map(wanted));
      }),
    );
  });

  test("by a service", async () => {
    await Promise.all(
      GROUPS.map(async ([DECODE, messages]) => {
        const { queueUrl } = await bundle.queues();
        const sent = await bundle.send(queueUrl, messages);
        const seen = await bundle.serve(queueUrl, { DECODE });
        const found = new Map(seen.map((one) => [sent.get(one.id), one]));
        expect(messages.map((message) => told(found.get(message)!, message))).toEqual(
          messages.map((message) => {
            const one = wanted(message);
            return { ...one, attributes: asHeaders(one.attributes, message) };
          }),
        );
      }),
    );
  });
});

describe("Each producer's message", () => {
  test("is a dead letter as it was sent, is shown as it was meant, and goes back to be seen again", async () => {
    await Promise.all(
      GROUPS.map(async ([DECODE, messages]) => {
        const { queueUrl, deadUrl } = await bundle.queues();
        const sent = await bundle.send(queueUrl, messages);
        await bundle.work(queueUrl, { DECODE, RUN_REJECT: "1" });

        const listed = await bundle.dlq(queueUrl, { DECODE }, "ls", "--reason", "not today", "--json");
        expect(JSON.parse(listed.stdout)).toMatchObject({ seen: messages.length, matching: messages.length });
        for (const [id, message] of sent) {
          if (!message.payload) continue;
          const shown = await bundle.dlq(queueUrl, { DECODE }, "show", id, "--json");
          expect(JSON.parse(shown.stdout)).toMatchObject({
            body: message.payload.text,
            payload: { bucket: "payloads", key: message.payload.key },
          });
        }
        const searched = await bundle.dlq(queueUrl, { DECODE }, "ls", "--where", "/id=7", "--json");
        const inside = messages.filter(({ body, payload }) => /^\{.*"id":"7"/.test(payload?.text ?? body));
        expect(JSON.parse(searched.stdout).matching).toBe(
          inside.filter(({ body, payload }) => JSON.parse(payload?.text ?? body).id === "7").length,
        );

        const back = await bundle.dlq(queueUrl, { DECODE }, "redrive", "--copy", "--json");
        expect(JSON.parse(back.stdout)).toMatchObject({ redriven: messages.length, complete: true });
        expect(await bundle.server.messages(deadUrl)).toEqual([]);
        const again = await bundle.work(queueUrl, { DECODE });
        const found = new Map(
          again.map(({ attributes: { QueuehandMessageId, ...attributes }, ...one }) => [
            sent.get(QueuehandMessageId ?? ""),
            { ...one, attributes },
          ]),
        );
        expect(messages.map((message) => told(found.get(message)!, message))).toEqual(messages.map(wanted));
      }),
    );
  });
});
