import { describe, expect, test } from "@jest/globals";
import { pointerMessage } from "../../../src/agents/payload-pointer.js";
import { LargeLetters } from "../../../src/letters/large-letters.js";
import { eachLetter } from "../../../src/letters/letter-pass.js";
import { Pace } from "../../../src/letters/pace.js";
import { Redriver, type RedriverOptions } from "../../../src/letters/redriver.js";
import { notification } from "../../support/envelopes.js";
import { type LetterOptions, letter, MemoryLetters } from "../../support/memory-letters.js";
import { MemoryPayloads } from "../../support/memory-payloads.js";

const MIB = 2 ** 20;
const never = new AbortController().signal;

function pointing(key: string, more: LetterOptions = {}, bucket = "large") {
  const { body, attribute } = pointerMessage({ bucket, key }, 9);
  const attributes = { tenant: { type: "String", string: "a" }, ...Object.fromEntries([attribute]) };
  return letter({ body, attributes, ...more });
}

/** A redrive of letters that point to payloads. */
function setup(letters: readonly ReturnType<typeof letter>[], options: Partial<RedriverOptions> = {}) {
  const store = new MemoryPayloads();
  const payloads = new LargeLetters({ store, buckets: ["large"], bytesMax: 4 * MIB, follow: ["sns"] });
  const queue = new MemoryLetters(letters);
  const redriver = new Redriver({
    queue,
    to: "http://localhost/tasks",
    sourceArn: undefined,
    selection: { everything: true, looksInside: false, matches: () => true },
    editor: undefined,
    payloads,
    pace: new Pace(1e9),
    dryRun: false,
    stop: never,
    startedAt: Date.now(),
    ...options,
  });
  const run = () => eachLetter({ queue, count: letters.length, stop: never, visit: redriver.visit });
  return { store, payloads, queue, run, tally: redriver.tally };
}

/** An editor that keeps what it was given and makes `to` of all that is `from`. */
function editing(from: string, to: string) {
  const given: string[] = [];
  const editor: RedriverOptions["editor"] = async ({ message }) => {
    given.push(`${message.body} ${[...message.attributes.keys()]}`);
    return { body: message.body.replaceAll(from, to) };
  };
  return { given, editor };
}

describe("A dead letter whose payload is in S3", () => {
  test("is mended through its pointer, and loses what described it", async () => {
    const { given, editor } = editing("bad", "good");
    const { store, queue, run, tally } = setup([pointing("1")], { editor });
    store.put("large", "1", '{"is":"bad"}');
    await run();
    expect(given).toEqual(['{"is":"bad"} tenant']);
    expect(queue.arrived).toMatchObject([{ body: '{"is":"good"}' }]);
    expect(queue.attributes).toEqual([["tenant"]]);
    expect(tally).toMatchObject({ edited: 1, redriven: 1 });
    // The payload that it had stays: it is what was sent.
    expect([...store.objects]).toEqual([["large/1", '{"is":"bad"}']]);
  });

  test("goes back as it was where the editor changes nothing", async () => {
    const { editor } = editing("no such text", "");
    const sent = pointing("1");
    const { store, queue, run, tally } = setup([sent], { editor });
    store.put("large", "1", "x".repeat(2 * MIB));
    await run();
    expect(queue.arrived).toMatchObject([{ body: sent.message.body }]);
    expect(queue.attributes).toEqual([["tenant", "ExtendedPayloadSize"]]);
    expect(tally.edited).toBe(0);
  });

  test("has a payload beside the old one where it is too large for SQS still", async () => {
    const { editor } = editing("bad", "good");
    const { store, queue, run } = setup([pointing("in/1", { id: "letter-a" })], { editor });
    store.put("large", "in/1", `bad${"x".repeat(2 * MIB)}`);
    await run();
    const key = "in/1.edited-letter-a";
    expect(queue.arrived).toMatchObject([{ body: pointerMessage({ bucket: "large", key }, 0).body }]);
    expect(queue.attributes).toEqual([["tenant", "ExtendedPayloadSize"]]);
    expect(store.objects.get(`large/${key}`)).toMatch(/^goodx+$/);
    expect(store.objects.get("large/in/1")).toMatch(/^badx+$/);
  });

  test("is searched in its payload", async () => {
    const selection = {
      everything: false,
      looksInside: true,
      matches: (one: ReturnType<typeof letter>) => one.message.body.includes('"id":1'),
    };
    const sent = [pointing("1"), pointing("2")];
    const { store, queue, run, tally } = setup(sent, { selection });
    store.put("large", "1", '{"id":1}').put("large", "2", '{"id":2}');
    await run();
    expect(tally).toMatchObject({ matching: 1, redriven: 1, edited: 0 });
    // Nobody has changed it: it goes back as it was.
    expect(queue.arrived).toMatchObject([{ body: sent[0]!.message.body }]);
    expect(queue.attributes).toEqual([["tenant", "ExtendedPayloadSize"]]);
  });

  test("stays where its payload can't be read or written, and it is said why", async () => {
    const { given, editor } = editing("bad", "good");
    const letters = [pointing("gone"), pointing("1", {}, "other"), pointing("huge"), pointing("grows")];
    const { store, queue, run, tally } = setup(letters, { editor });
    store.put("large", "huge", "x".repeat(5 * MIB)).put("large", "grows", `bad${"x".repeat(2 * MIB)}`);
    store.writeFails = new Error("its payload can't be written to s3://large: AccessDenied");
    await run();
    expect(given).toHaveLength(1);
    expect([queue.arrived, queue.ids().length, queue.hidden]).toEqual([[], 4, 0]);
    expect(Object.keys(tally.failed).sort()).toEqual([
      "its payload can't be written to s3://large: AccessDenied",
      'its payload is in the bucket "other", which is none of PAYLOAD_BUCKETS',
      "its payload s3://large/gone doesn't exist",
      expect.stringContaining("its payload s3://large/huge has"),
    ]);
  });

  test("through a topic, goes back without the envelope of its first sending", async () => {
    const { body, attribute } = pointerMessage({ bucket: "large", key: "1" }, 9);
    const MessageAttributes = {
      [attribute[0]]: { Type: "Number", Value: "9" },
      tenant: { Type: "String", Value: "a" },
    };
    const { editor } = editing("bad", "good");
    const { store, queue, run } = setup([letter({ body: notification(body, { MessageAttributes }) })], { editor });
    store.put("large", "1", "bad");
    await run();
    expect([queue.arrived[0]!.body, queue.attributes]).toEqual(["good", [["tenant"]]]);
  });

  test("is a letter like others where no bucket is named; what described the pointer goes with it", async () => {
    const { editor } = editing("large", "larger");
    const pointer = setup([pointing("1")], { editor, payloads: undefined });
    await pointer.run();
    expect(pointer.queue.arrived[0]!.body).toContain('"s3BucketName":"larger"');
    expect(pointer.queue.attributes).toEqual([["tenant", "ExtendedPayloadSize"]]);
    const inline = setup([pointing("1")], { editor: async () => ({ body: "{}" }), payloads: undefined });
    await inline.run();
    expect([inline.queue.arrived[0]!.body, inline.queue.attributes]).toEqual(["{}", [["tenant"]]]);
  });

  test("isn't written to in a dry run", async () => {
    const { editor } = editing("bad", "good");
    const { store, run, tally } = setup([pointing("1")], { editor, dryRun: true });
    store.put("large", "1", `bad${"x".repeat(2 * MIB)}`);
    await run();
    expect(tally).toMatchObject({ edited: 1, redriven: 1, samples: [{ after: expect.stringMatching(/^good/) }] });
    expect(store.objects.size).toBe(1);
  });
});
