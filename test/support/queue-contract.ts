import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type MessageAttribute, type Queue, QueueError, type ReceivedMessage } from "../../src/pipeline/ports/queue.js";
import type { SendOptions } from "./memory-message.js";
import type { QueueBundle, QueueKind, QueueServer, Transport } from "./queue-servers.js";

/** Where servers differ from SQS; docs/queue-servers.md says how each does. */
export type Difference =
  | "delete tells of a superseded handle"
  | "an expired handle still changes visibility"
  | "a follower that is released overtakes its hidden head"
  | "a superseded handle still changes visibility"
  | "a superseded handle still deletes"
  | "one message of a group in a batch"
  | "no group on a standard queue"
  | "no 12-hour limit"
  | "no characters beyond U+FFFF"
  | "no growing sequence numbers"
  | "no trace header";

const never = new AbortController().signal;

/**
 * What the pipeline relies on in every Queue. A difference of a server is named: its test must then fail, so that a
 * server that learns it makes the suite red, and the list is corrected.
 */
export function queueContract(
  name: string,
  start: () => Promise<QueueServer>,
  differences: readonly Difference[] = [],
  transports: readonly (Transport | undefined)[] = ["wire", "sdk"],
): void {
  let server: QueueServer;
  beforeAll(async () => {
    server = await start();
  }, 180_000);
  afterAll(() => server?.stop(), 60_000);

  describe.each(transports.map((transport) => ({ by: transport ? ` by ${transport}` : "", transport })))(
    `the queue contract on ${name}$by`,
    ({ transport }) => {
      const open = (kind: QueueKind) => server.bundle(kind, transport);
      const promise = (sentence: string, body: (bundle: QueueBundle) => Promise<void>, kind: QueueKind = {}) =>
        test(sentence, async () => body(await open(kind)), 60_000);
      const promiseUnless = (
        difference: Difference,
        sentence: string,
        body: (bundle: QueueBundle) => Promise<void>,
        kind: QueueKind = {},
      ) =>
        differences.includes(difference)
          ? test.failing(`${sentence} (here: ${difference})`, async () => body(await open(kind)), 60_000)
          : promise(sentence, body, kind);

      describe("receiving", () => {
        promise(
          "a long poll waits and ends with the message that is sent meanwhile",
          async ({ queue, send, during }) => {
            const poll = queue.receive(10, 10, never);
            await send("hello");
            expect((await during(poll)).map(({ body }) => body)).toEqual(["hello"]);
          },
        );

        promise("a poll that finds nothing ends empty", async ({ queue, during }) => {
          expect(await during(queue.receive(10, 1, never))).toEqual([]);
          expect(await queue.receive(10, 0, never)).toEqual([]);
        });

        promise("no more messages come than were asked for", async ({ queue, send }) => {
          for (let i = 0; i < 5; i++) await send(`${i}`);
          expect(await queue.receive(3, 0, never)).toHaveLength(3);
        });

        promise("an aborted poll ends at once, as a deadline", async ({ queue }) => {
          const controller = new AbortController();
          const poll = queue.receive(10, 20, controller.signal);
          controller.abort("the test gave it up");
          await expect(poll).rejects.toMatchObject({ name: "QueueError", kind: "deadline" });
        });

        test("a queue that does not exist is fatal", async () => {
          const failed = await server
            .missing(transport)
            .receive(10, 0, never)
            .catch((error: unknown) => error);
          expect(failed).toBeInstanceOf(QueueError);
          expect(failed).toMatchObject({ kind: "fatal" });
        });
      });

      describe("hiding", () => {
        promise("a received message is hidden from other receives", async ({ queue, send }) => {
          await send("once");
          expect(await queue.receive(10, 0, never)).toHaveLength(1);
          expect(await queue.receive(10, 0, never)).toEqual([]);
        });

        promise(
          "a message whose time is up comes back with its receive count and a new handle",
          async ({ queue, send, elapse, during }) => {
            await send("again");
            const first = await only(queue);
            await elapse(1.2);
            const second = await during(only(queue, 5));
            expect([first.receiveCount, second.receiveCount]).toEqual([1, 2]);
            expect(second.id).toBe(first.id);
            expect(second.handle).not.toBe(first.handle);
          },
          { visibilityTimeoutSeconds: 1 },
        );

        promise(
          "a message keeps the time of its first receive",
          async ({ queue, send, elapse, during }) => {
            await send("again");
            const first = await only(queue);
            await elapse(1.2);
            const second = await during(only(queue, 5));
            expect(first.firstReceivedAt).toBeGreaterThanOrEqual(first.sentAt!);
            expect(second.firstReceivedAt).toBe(first.firstReceivedAt);
          },
          { visibilityTimeoutSeconds: 1 },
        );

        promise("visibility 0 shows a message at once", async ({ queue, send }) => {
          await send("released");
          const { handle } = await only(queue);
          expect(await queue.changeVisibility([{ handle, seconds: 0 }], never)).toEqual([{ ok: true }]);
          expect((await only(queue, 1)).receiveCount).toBe(2);
        });

        promise("a poll that is open gets a message that is released meanwhile", async ({ queue, send, during }) => {
          await send("released");
          const { handle } = await only(queue);
          const poll = queue.receive(1, 4, never);
          await queue.changeVisibility([{ handle, seconds: 0 }], never);
          expect(await during(poll)).toHaveLength(1);
        });

        promise(
          "a change keeps a message hidden for longer",
          async ({ queue, send, elapse }) => {
            await send("long work");
            const { handle } = await only(queue);
            expect(await queue.changeVisibility([{ handle, seconds: 30 }], never)).toEqual([{ ok: true }]);
            await elapse(1.3);
            expect(await queue.receive(10, 0, never)).toEqual([]);
          },
          { visibilityTimeoutSeconds: 1 },
        );

        promiseUnless("no 12-hour limit", "twelve hours in all is the limit", async ({ queue, send, elapse }) => {
          await send("too long");
          const { handle } = await only(queue);
          await elapse(1.2);
          const [result] = await queue.changeVisibility([{ handle, seconds: 43_200 }], never);
          expect(result).toMatchObject({ ok: false, kind: "refused" });
        });
      });

      describe("handles", () => {
        promise("a change for a deleted message is stale", async ({ queue, send }) => {
          await send("done");
          const { handle } = await only(queue);
          expect(await queue.delete([handle], never)).toEqual([{ ok: true }]);
          const [result] = await queue.changeVisibility([{ handle, seconds: 10 }], never);
          expect(result).toMatchObject({ ok: false, kind: "stale" });
        });

        promise("a deleted message does not come back, and deleting it again does no harm", async ({ queue, send }) => {
          await send("done");
          const { handle } = await only(queue);
          await queue.delete([handle], never);
          const [again] = await queue.delete([handle], never);
          expect(again!.ok || again!.kind === "stale").toBe(true);
          expect(await queue.receive(10, 0, never)).toEqual([]);
        });

        promiseUnless(
          "an expired handle still changes visibility",
          "a change for a message whose time is up is stale",
          async ({ queue, send, elapse }) => {
            await send("late");
            const { handle } = await only(queue);
            await elapse(1.3);
            const [result] = await queue.changeVisibility([{ handle, seconds: 10 }], never);
            expect(result).toMatchObject({ ok: false, kind: "stale" });
          },
          { visibilityTimeoutSeconds: 1 },
        );

        promiseUnless(
          "a superseded handle still changes visibility",
          "a superseded handle does not show a message that somebody else works on",
          async ({ queue, send, elapse, during }) => {
            await send("two owners");
            const first = await only(queue);
            await elapse(1.2);
            const second = await during(only(queue, 5));
            await queue.changeVisibility([{ handle: second.handle, seconds: 30 }], never);
            await queue.changeVisibility([{ handle: first.handle, seconds: 0 }], never);
            expect(await queue.receive(10, 0, never)).toEqual([]);
          },
          { visibilityTimeoutSeconds: 1 },
        );

        promiseUnless(
          "a superseded handle still deletes",
          "a superseded handle deletes nothing",
          async ({ queue, send, elapse, during }) => {
            await send("two owners");
            const first = await only(queue);
            await elapse(1.2);
            const second = await during(only(queue, 5));
            await queue.delete([first.handle], never);
            const [kept] = await queue.changeVisibility([{ handle: second.handle, seconds: 10 }], never);
            expect(kept).toEqual({ ok: true });
          },
          { visibilityTimeoutSeconds: 1 },
        );

        promiseUnless(
          "delete tells of a superseded handle",
          "deleting by a superseded handle is answered with ok",
          async ({ queue, send, elapse, during }) => {
            await send("two owners");
            const first = await only(queue);
            await elapse(1.2);
            await during(only(queue, 5));
            expect(await queue.delete([first.handle], never)).toEqual([{ ok: true }]);
          },
          { visibilityTimeoutSeconds: 1 },
        );
      });

      describe("batches", () => {
        promise("ten are deleted by one call", async ({ queue, send }) => {
          for (let i = 0; i < 10; i++) await send(`${i}`);
          const messages = await receiveAll(queue, 10);
          const results = await queue.delete(
            messages.map(({ handle }) => handle),
            never,
          );
          expect(results).toEqual(Array(10).fill({ ok: true }));
          expect(await queue.receive(10, 0, never)).toEqual([]);
        });

        promise(
          "one bad entry does not spoil its neighbours, and the results keep their order",
          async ({ queue, send }) => {
            await send("a");
            await send("b");
            const [a, b] = await receiveAll(queue, 2);
            const results = await queue.changeVisibility(
              [
                { handle: a!.handle, seconds: 60 },
                { handle: "rubbish", seconds: 60 },
                { handle: b!.handle, seconds: 60 },
              ],
              never,
            );
            expect(results).toMatchObject([{ ok: true }, { ok: false, kind: "stale" }, { ok: true }]);
          },
        );
      });

      describe("what a message carries", () => {
        promise("nothing but its body: no attributes, a time, a first receive", async ({ queue, send }) => {
          await send("bare");
          const message = await only(queue);
          expect(message).toMatchObject({ body: "bare", receiveCount: 1, intact: true });
          expect(message.attributes.size).toBe(0);
          expect(message.sentAt).toBeGreaterThan(Date.UTC(2025, 0, 1));
          expect(message.id).toBeTruthy();
        });

        promise("any script, quotes and line ends", async ({ queue, send }) => {
          const body = '{"say":"Grüße \\"quoted\\""}\r\n\tתודה\u2028';
          await send(body);
          expect(await only(queue)).toMatchObject({ body, intact: true });
        });

        promiseUnless("no characters beyond U+FFFF", "an elephant", async ({ queue, send }) => {
          await send("🐘");
          expect(await only(queue)).toMatchObject({ body: "🐘", intact: true });
        });

        promise("text, numbers of a type of one's own, and bytes as attributes", async ({ queue, send }) => {
          const attributes: [string, MessageAttribute][] = [
            ["tenant", { type: "String", string: "Zürich" }],
            ["size", { type: "Number.int", string: "42" }],
            ["raw", { type: "Binary", binary: Uint8Array.of(0, 255, 10, 13) }],
          ];
          await send("with attributes", { attributes });
          const message = await only(queue);
          expect(plain(message.attributes)).toEqual(plain(new Map(attributes)));
        });

        promise("an attribute named __proto__", async ({ queue, send }) => {
          await send("hostile", { attributes: [["__proto__", { type: "String", string: "polluted" }]] });
          const message = await only(queue);
          expect([...message.attributes]).toEqual([["__proto__", { type: "String", string: "polluted" }]]);
          expect(({} as { string?: string }).string).toBeUndefined();
        });

        promise("a body of 1 MiB, there and back", async ({ queue, send }) => {
          const body = "é".repeat(524_288);
          await send(body);
          const message = await only(queue, 5);
          expect(message.body === body).toBe(true);
          expect(message.intact).toBe(true);
        });

        promiseUnless("no trace header", "the trace header", async ({ queue, send }) => {
          const traceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
          await send("traced", { traceHeader });
          expect((await only(queue)).traceHeader).toBe(traceHeader);
        });

        promiseUnless("no group on a standard queue", "the group on a standard queue", async ({ queue, send }) => {
          await send("fair", { groupId: "tenant-1" });
          expect((await only(queue)).groupId).toBe("tenant-1");
        });
      });

      describe("FIFO", () => {
        const fifo = { fifo: true };

        promise(
          "messages of a group come in the order sent",
          async (bundle) => {
            const seen = await workedOff(bundle, ["a", "b", "c"]);
            expect(seen.map(({ body }) => body)).toEqual(["a", "b", "c"]);
            expect(seen.map(({ groupId }) => groupId)).toEqual(["g", "g", "g"]);
          },
          fifo,
        );

        promiseUnless(
          "no growing sequence numbers",
          "messages of a group have growing sequence numbers",
          async (bundle) => {
            const seen = await workedOff(bundle, ["a", "b", "c", "d", "e", "f"]);
            const numbers = seen.map(({ sequenceNumber }) => BigInt(sequenceNumber ?? 0));
            expect(numbers).toEqual(numbers.toSorted((a, b) => (a < b ? -1 : Number(a > b))));
            expect(new Set(numbers).size).toBe(6);
          },
          fifo,
        );

        promiseUnless(
          "one message of a group in a batch",
          "several messages of one group come in one batch",
          async ({ queue, send }) => {
            for (const body of ["a", "b", "c"]) await send(body, { groupId: "g" });
            expect((await queue.receive(10, 1, never)).map(({ body }) => body)).toEqual(["a", "b", "c"]);
          },
          fifo,
        );

        promise(
          "a group with a message in flight gives no more, others do",
          async ({ queue, send }) => {
            await send("a1", { groupId: "a" });
            expect(await bodies(queue, 1)).toEqual(["a1"]);
            await send("a2", { groupId: "a" });
            await send("b1", { groupId: "b" });
            expect(await bodies(queue, 10)).toEqual(["b1"]);
          },
          fifo,
        );

        promiseUnless(
          "a follower that is released overtakes its hidden head",
          "a follower that was given back waits for its head, which stays hidden",
          async ({ queue, send }) => {
            for (const body of ["a", "b"]) await send(body, { groupId: "g" });
            const [, ...followers] = await queue.receive(10, 1, never);
            for (const { handle } of followers) await queue.changeVisibility([{ handle, seconds: 0 }], never);
            expect(await bodies(queue, 10)).toEqual([]);
          },
          fifo,
        );

        promise(
          "a released group comes again in its order",
          async ({ queue, send }) => {
            for (const body of ["a", "b"]) await send(body, { groupId: "g" });
            const messages = await queue.receive(10, 1, never);
            for (const { handle } of messages) await queue.changeVisibility([{ handle, seconds: 0 }], never);
            const [first] = await queue.receive(10, 1, never);
            expect(first).toMatchObject({ body: "a", receiveCount: 2 });
          },
          fifo,
        );

        promise(
          "a dead letter keeps its group",
          async ({ queue, send, deadLetters }) => {
            await send("rejected", { groupId: "g" });
            const message = await only(queue, 1);
            expect(await queue.copyToDeadLetters!([{ message, reason: "bad" }], never)).toEqual([{ ok: true }]);
            // Copied twice, since an answer may get lost, it is one dead letter.
            expect(await queue.copyToDeadLetters!([{ message, reason: "bad" }], never)).toEqual([{ ok: true }]);
            const letters = await deadLetters();
            expect(letters.map(({ body, groupId }) => [body, groupId])).toEqual([["rejected", "g"]]);
          },
          fifo,
        );
      });

      describe("dead letters", () => {
        promise(
          "a message that was received too often moves to the dead-letter queue",
          async ({ queue, send, deadLetters }) => {
            await send("poison");
            for (let i = 0; i < 2; i++) {
              const { handle } = await only(queue, 1);
              await queue.changeVisibility([{ handle, seconds: 0 }], never);
            }
            expect(await queue.receive(10, 0, never)).toEqual([]);
            expect((await deadLetters()).map(({ body }) => body)).toEqual(["poison"]);
          },
          { maxReceiveCount: 2 },
        );

        promise("copies keep body and attributes, in order, each by itself", async ({ queue, send, deadLetters }) => {
          const options: SendOptions = { attributes: [["tenant", { type: "String", string: "a" }]] };
          for (const body of ["one", "two", "three"]) await send(body, options);
          const messages = await receiveAll(queue, 3);
          const letters = messages.map((message) => ({ message, reason: `${message.body} is bad` }));
          expect(await queue.copyToDeadLetters!(letters, never)).toEqual(Array(3).fill({ ok: true }));
          const copies: string[] = [];
          while (copies.length < 3) {
            const received = await deadLetters();
            if (received.length === 0) break;
            for (const { body, attributes } of received) copies.push(`${body} ${attributes.get("tenant")?.string}`);
          }
          expect(copies.sort()).toEqual(["one a", "three a", "two a"]);
        });
      });
    },
  );
}

/** The one message that a receive brings. */
async function only(queue: Queue, waitSeconds = 0): Promise<ReceivedMessage> {
  const messages = await queue.receive(1, waitSeconds, never);
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

/** Messages of one group, in the order in which they come when each batch is deleted. */
async function workedOff({ queue, send }: QueueBundle, sent: readonly string[]): Promise<ReceivedMessage[]> {
  for (const body of sent) await send(body, { groupId: "g" });
  const seen: ReceivedMessage[] = [];
  while (seen.length < sent.length) {
    const messages = await queue.receive(10, 1, never);
    if (messages.length === 0) break;
    seen.push(...messages);
    await queue.delete(
      messages.map(({ handle }) => handle),
      never,
    );
  }
  expect(seen).toHaveLength(sent.length);
  return seen;
}

/** So many messages, by as many receives as a server needs. */
async function receiveAll(queue: Queue, count: number): Promise<ReceivedMessage[]> {
  const messages: ReceivedMessage[] = [];
  while (messages.length < count) {
    const received = await queue.receive(10, 1, never);
    if (received.length === 0) break;
    messages.push(...received);
  }
  expect(messages).toHaveLength(count);
  return messages;
}

async function bodies(queue: Queue, max: number): Promise<string[]> {
  return (await queue.receive(max, 0, never)).map(({ body }) => body);
}

function plain(attributes: ReadonlyMap<string, MessageAttribute>) {
  return Object.fromEntries(
    [...attributes].map(([name, { binary, ...rest }]) => [name, { ...rest, ...(binary && { binary: [...binary] }) }]),
  );
}
