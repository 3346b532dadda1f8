import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { LeaseTable } from "../../../../src/pipeline/lease/lease-table.js";
import { Delivery } from "../../../../src/pipeline/ports/delivery.js";
import {
  Defer,
  done,
  interrupted,
  leaseLost,
  outcomeOfError,
  Reject,
  Retry,
} from "../../../../src/pipeline/ports/outcome.js";
import { operationFor } from "../../../../src/pipeline/settle/settlement.js";

const HOUR_MS = 3_600_000;

function delivery(receiveCount = 1): Delivery {
  const lease = new LeaseTable(1).hold("handle", 0, 120_000)!;
  const message = { id: "m", handle: "handle", body: "", attributes: new Map(), receiveCount, sentAt: 0, intact: true };
  return new Delivery(message, lease, 0);
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe("the operation of an outcome", () => {
  test.each([
    [done, { kind: "delete" }],
    [{ kind: "reject", reason: "bad" } as const, { kind: "deadLetter", reason: "bad" }],
    [interrupted, { kind: "visibility", seconds: 0 }],
    [leaseLost, { kind: "none" }],
    [{ kind: "retry" } as const, { kind: "none" }],
    [{ kind: "retry", afterSeconds: 7 } as const, { kind: "visibility", seconds: 7 }],
    [{ kind: "defer", reason: "down", afterSeconds: 90 } as const, { kind: "visibility", seconds: 90 }],
  ])("%j is %j", (outcome, operation) => {
    expect(operationFor(outcome, delivery(), undefined, 0)).toEqual(operation);
  });

  test("backs a retry off by doubling with the receive count, with full jitter, within its bounds", () => {
    const backoff = { baseSeconds: 10, maxSeconds: 60 };
    const waits = (receiveCount: number, random: number) => {
      jest.spyOn(Math, "random").mockReturnValue(random);
      return operationFor({ kind: "retry" }, delivery(receiveCount), backoff, 0);
    };
    expect(waits(1, 0.999_999)).toEqual({ kind: "visibility", seconds: 10 });
    expect(waits(2, 0.999_999)).toEqual({ kind: "visibility", seconds: 20 });
    expect(waits(3, 0.5)).toEqual({ kind: "visibility", seconds: 20 });
    expect(waits(20, 0.999_999)).toEqual({ kind: "visibility", seconds: 60 });
    expect(waits(3, 0)).toEqual({ kind: "visibility", seconds: 1 });
  });

  test("makes deferrals longer with each receive", () => {
    const seconds = [1, 2, 3, 20].map((receiveCount) =>
      operationFor({ kind: "defer", reason: "down" }, delivery(receiveCount), undefined, 0),
    );
    expect(seconds.map((operation) => operation.kind === "visibility" && operation.seconds)).toEqual([
      30, 60, 120, 3600,
    ]);
  });

  test("never asks for more than what is left of SQS's 12 hours", () => {
    const outcome = { kind: "retry", afterSeconds: 43_200 } as const;
    const operation = operationFor(outcome, delivery(), undefined, 11 * HOUR_MS);
    expect(operation).toEqual({ kind: "visibility", seconds: 3595 });
  });
});

describe("the outcome of what an agent threw", () => {
  test.each([
    [new Error("no"), { kind: "retry" }],
    ["a string", { kind: "retry", error: "a string" }],
    [undefined, { kind: "retry" }],
    [new Retry(5), { kind: "retry", afterSeconds: 5 }],
    [new Retry(), { kind: "retry" }],
    [new Reject("bad"), { kind: "reject", reason: "bad" }],
    [new Defer(9, "down"), { kind: "defer", reason: "down", afterSeconds: 9 }],
    [Object.assign(new Error("of another copy"), { name: "Reject" }), { kind: "reject", reason: "of another copy" }],
  ])("%s", (error, outcome) => {
    expect(outcomeOfError(error)).toMatchObject(outcome);
  });

  test.each([-1, 43_201, Number.NaN])("refuses waits that SQS can't keep: %d", (seconds) => {
    expect(() => new Retry(seconds)).toThrow(RangeError);
    expect(() => new Defer(seconds)).toThrow(RangeError);
  });
});
