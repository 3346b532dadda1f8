import { describe, expect, test } from "@jest/globals";
import type { Fact } from "../../../../src/pipeline/ports/telemetry.js";
import { Verdicts } from "../../../../src/pipeline/settle/verdicts.js";
import { FakeClock } from "../../../support/fake-clock.js";

describe("a rejection", () => {
  test("is one until it is known that there is no dead-letter queue, and a retry from then on", () => {
    const queue = { copyToDeadLetters: async () => [], hasNoDeadLetters: false };
    const facts: Fact[] = [];
    const telemetry = (fact: Fact) => void facts.push(fact);
    const verdicts = new Verdicts({ queue, clock: new FakeClock(), telemetry, retryBackoff: undefined });
    const reject = { kind: "reject", reason: "never" } as const;
    expect(verdicts.effective(reject)).toBe(reject);
    queue.hasNoDeadLetters = true;
    expect(verdicts.effective(reject)).toMatchObject({ kind: "retry", error: { message: "rejected: never" } });
    expect(facts).toMatchObject([{ kind: "warning", text: expect.stringContaining("no dead-letter queue") }]);
  });
});
