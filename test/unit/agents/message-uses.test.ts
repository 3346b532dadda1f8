import { expect, test } from "@jest/globals";
import { declaredUses } from "../../../src/agents/message-uses.js";
import type { ReceivedMessage } from "../../../src/pipeline/ports/queue.js";

test("a promise that a function of uses returns is nobody's, and may reject", async () => {
  const unhandled: unknown[] = [];
  const hear = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", hear);
  const message = { id: "a", body: "{}", attributes: new Map() } as unknown as ReceivedMessage;
  const uses = declaredUses({ tokens: (async () => Promise.reject(new Error("no model"))) as unknown as () => number });
  const { tokens } = uses!;
  if (typeof tokens !== "function") throw new Error("it was a function");
  expect(tokens(message)).toBeInstanceOf(Promise);
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  process.off("unhandledRejection", hear);
  expect(unhandled).toEqual([]);
});
