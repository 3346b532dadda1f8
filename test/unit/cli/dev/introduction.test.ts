import { expect, test } from "@jest/globals";
import { introduction } from "../../../../src/cli/dev/introduction.js";

const intro = (more: { messages?: number; perSecond?: number; agent?: string; bodies?: string[] }) =>
  introduction({
    endpoint: "http://127.0.0.1:1",
    queueName: "queuehand-dev",
    maxReceiveCount: 3,
    http: undefined,
    agent: undefined,
    messages: undefined,
    perSecond: undefined,
    bodies: undefined,
    ...more,
  }).split("\n")[2];

test("dev says that messages fail on purpose where its own agent gets them, and no more than what they are elsewhere", () => {
  expect(intro({ messages: 5 })).toBe("Sending 5 messages; 1 of them fails on purpose.");
  expect(intro({ messages: 50 })).toBe("Sending 50 messages; 3 of them fail on purpose.");
  expect(intro({ messages: 5, agent: "./mine.mjs" })).toBe(
    "Sending 5 messages; 1 of them has an error_trigger, at which the sample agent fails.",
  );
  expect(intro({ perSecond: 5, agent: "./mine.mjs" })).toBe(
    "Sending 5 sample messages a second, one in 20 of which has an error_trigger, at which the sample agent fails.",
  );
  expect(intro({ messages: 5, agent: "./mine.mjs", bodies: ["{}"] })).toBe("Sending 5 messages.");
});
