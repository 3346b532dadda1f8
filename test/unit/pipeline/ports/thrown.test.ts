import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkedOutcome, type Outcome, outcomeOfError } from "../../../../src/pipeline/ports/outcome.js";
import { described, type Thrown, textOf, words } from "../../../../src/pipeline/ports/thrown.js";
import { ODD_THROWS } from "../../../support/odd-throws.js";

const LONGEST = 5_000;

/** All of it is text of a bounded length that JSON can say. */
function expectWords(told: Thrown): void {
  const { name, message, code = "", frames = "", cause } = told;
  for (const text of [name, message, code, frames]) {
    expect(typeof text).toBe("string");
    expect(text.length).toBeLessThanOrEqual(LONGEST);
    expect(text.isWellFormed()).toBe(true);
  }
  if (cause) expectWords(cause);
}

/** Anything at all, and errors any of whose fields is anything at all. */
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
});
const oddError = fc
  .record({ name: anything, message: anything, stack: anything, cause: anything, code: anything, seconds: anything })
  .map((fields) => Object.assign(new Error("x"), fields));
const verb = fc
  .record({ name: fc.constantFrom("Retry", "Reject", "Defer"), message: anything, seconds: anything })
  .map((fields) => Object.assign(new Error("x"), fields));
/** Made by the test and not before: who generates values looks at them, which not all of these bear. */
const thrown = fc.oneof(
  fc.oneof(anything, oddError, verb).map((value) => () => value),
  fc.constantFrom(...Object.values(ODD_THROWS)),
);

describe("whatever is thrown", () => {
  test("is described in words", () => {
    fc.assert(
      fc.property(thrown, (make) => {
        const value = make();
        expectWords(described(value));
        for (const text of [words(value), textOf(value)]) {
          expect(typeof text).toBe("string");
          expect(text.length).toBeLessThanOrEqual(LONGEST);
        }
      }),
    );
  });

  test("becomes an outcome that can be carried out", () => {
    fc.assert(
      fc.property(thrown, (make) => {
        const outcome = outcomeOfError(make());
        expect(checkedOutcome(outcome)).toBe(outcome);
        expect(["retry", "reject", "defer"]).toContain(outcome.kind);
        if ("reason" in outcome) expect(outcome.reason.isWellFormed()).toBe(true);
      }),
    );
  });

  test.each(Object.keys(ODD_THROWS))("is a plain retry if it is no sound verb: %s", (name) => {
    const outcome = outcomeOfError(ODD_THROWS[name]!());
    expect(Object.keys(outcome)).toEqual(["kind", "error"]);
    expect(outcome.kind).toBe("retry");
    expectWords(described((outcome as { error: unknown }).error));
  });
});

describe("a description", () => {
  test("of an error has its name, message, code, frames and cause, but no cause's cause", () => {
    const root = new RangeError("root", { cause: new Error("deeper") });
    const error = Object.assign(new TypeError("boom", { cause: root }), { code: "EODD" });
    const { frames, ...told } = described(error);
    expect(told).toEqual({
      name: "TypeError",
      message: "boom",
      code: "EODD",
      cause: { name: "RangeError", message: "root" },
    });
    expect(frames).toMatch(/^at .*thrown\.test/);
    expect(words(error)).toBe("TypeError: boom");
  });

  test("of anything else has its type and text", () => {
    expect(described("busy")).toEqual({ name: "string", message: "busy" });
    expect(described(Symbol("s"))).toEqual({ name: "symbol", message: "Symbol(s)" });
    expect(described(Object.assign(Object.create(null), { code: 5 }))).toEqual({
      name: "object",
      message: '{"code":5}',
    });
    expect(described(new Uint8Array(3)).message).toBe("3 bytes");
  });

  test("of an object says how many bytes there are in it, however many these are", () => {
    // Each of them told apart takes minutes and gigabytes, and the test its limit.
    const bytes = [Buffer.alloc(100_000_000), new Uint8Array(100_000_000)];
    expect(described({ response: { data: bytes[0], status: 500 }, bytes }).message).toBe(
      '{"response":{"data":"100000000 bytes","status":500},"bytes":["100000000 bytes","100000000 bytes"]}',
    );
  });

  test("finds the frames behind a message of any length", () => {
    expect(described(new Error("x\n".repeat(500_000))).frames).toMatch(/thrown\.test/);
  });

  test("says how much was left out", () => {
    expect(described(new Error("x".repeat(50)), 10).message).toBe("xxxxxxxxxx… (40 more)");
  });
});

describe("a verb of another copy of the package", () => {
  const spoken = (name: string, fields: object) => outcomeOfError(Object.assign(new Error("why"), { name }, fields));

  test("says what was wrong with it where ours would not have been made", () => {
    expect(spoken("Retry", { seconds: Number.NaN })).toMatchObject({
      error: { message: "Retry takes between 0 and 43200 seconds, got NaN" },
    });
    expect(spoken("Defer", { seconds: "60" })).toMatchObject({
      error: { message: "Defer takes between 0 and 43200 seconds, got 60" },
    });
    expect(spoken("Reject", { message: { why: 1 } })).toMatchObject({
      error: { message: 'Reject takes a reason that is text, got {"why":1}' },
    });
  });

  test("is heeded where ours would have been made", () => {
    expect(spoken("Retry", { seconds: 0.4 })).toMatchObject({ kind: "retry", afterSeconds: 0.4 });
    expect(spoken("Defer", { seconds: 43_200 })).toEqual({ kind: "defer", reason: "why", afterSeconds: 43_200 });
    expect(spoken("Reject", { message: "" })).toEqual({ kind: "reject", reason: "rejected by the agent" });
  });
});

describe("the outcome of a handler of one's own", () => {
  test.each([
    [undefined],
    [null],
    ["done"],
    [{}],
    [{ kind: "finished" }],
    [{ kind: "reject" }],
    [{ kind: "reject", reason: { a: 1 } }],
    [{ kind: "defer", reason: "later", afterSeconds: -1 }],
    [{ kind: "retry", afterSeconds: Number.NaN }],
  ])("is a retry if it can't be carried out: %j", (outcome) => {
    expect(checkedOutcome(outcome as unknown as Outcome)).toMatchObject({ kind: "retry", error: expect.any(Error) });
  });
});
