import { PassThrough } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ModuleChannel, type ModuleListener, type RunListener } from "../../../../src/agents/module/module-channel.js";
import {
  errorFromWire,
  fieldsToWire,
  outcomeFromWire,
  outcomeToWire,
} from "../../../../src/agents/module/wire-values.js";
import { Busy, checkedOutcome, outcomeOfError } from "../../../../src/pipeline/ports/outcome.js";
import { ODD_THROWS } from "../../../support/odd-throws.js";

/** A channel's end that keeps what it hears, by word. */
function setup() {
  const stream = new PassThrough();
  const heard: [word: string, ...given: unknown[]][] = [];
  const keep =
    (word: string) =>
    (...given: unknown[]) =>
      void heard.push([word, ...given]);
  const run: RunListener = {
    end: keep("end"),
    identified: keep("identified"),
    extend: keep("extend"),
    progress: keep("progress"),
    checkpoint: keep("checkpoint"),
    saved: keep("saved"),
    answerCredentials: keep("answerCredentials"),
    take: keep("take"),
    took: keep("took"),
  };
  const listener: ModuleListener = {
    onReady: keep("ready"),
    onUnfit: keep("unfit"),
    runOf: (number) => (number === 1 ? run : undefined),
    onResident: keep("resident"),
    onEstimates: (...given) => {
      heard.push(["estimates", ...given]);
      return given[0] === 1;
    },
    onLog: keep("log"),
    onFault: keep("fault"),
  };
  new ModuleChannel(stream, listener, true);
  return {
    heard,
    async says(...lines: string[]) {
      for (const line of lines) stream.write(`${line}\n`);
      stream.end();
      await new Promise((resolve) => stream.once("end", resolve));
    },
  };
}

/** What each word is heard with. */
const SOUND: Readonly<Record<string, (...given: unknown[]) => boolean>> = {
  end: (outcome) => checkedOutcome(outcome as never) === outcome,
  extend: (seconds) => typeof seconds === "number" && seconds >= 1 && seconds <= 43_200,
  progress: (note) => typeof note === "string",
  checkpoint: () => true,
  saved: (error) => error === undefined || (error instanceof Error && typeof error.message === "string"),
  answerCredentials: (asked) => Number.isInteger(asked),
  identified: (identity) => typeof (identity as { payloadHash?: unknown }).payloadHash === "string",
  ready: (decodes) => typeof decodes === "boolean",
  unfit: (why) => typeof why === "string",
  resident: (bytes) => typeof bytes === "number",
  log: (level, fields, text) => typeof level === "string" && typeof fields === "object" && typeof text === "string",
  fault: (fault) => typeof fault === "string",
  estimates: (_, answer) => typeof answer === "object" && answer !== null,
};

/** JSON that has no text: its own `toString` is none. */
const textless = fc.constant({ toString: 1, valueOf: 1 });
const value = fc.oneof(fc.jsonValue(), textless, fc.constantFrom(1, 60, true, "info", "text"));
const outcome = fc.record(
  {
    kind: fc.oneof(value, fc.constantFrom("done", "retry", "reject", "defer", "interrupted")),
    reason: value,
    afterSeconds: value,
    error: value,
  },
  { requiredKeys: [] },
);
const word = fc.constantFrom(
  "ended",
  "extend",
  "progress",
  "checkpoint",
  "saved",
  "askCredentials",
  "log",
  "ready",
  "unfit",
);
const line = fc.oneof(
  fc.string().map((text) => text.replaceAll("\n", "")),
  value.map((said) => JSON.stringify(said)),
  fc
    .tuple(word, fc.oneof(value, outcome), fc.boolean(), value, value)
    .map(([name, said, ofRun, fields, text]) =>
      JSON.stringify({ ...(ofRun && { of: 1 }), [name]: said, fields, text, residentBytes: text }),
    ),
);

describe("what a module's process says", () => {
  test("is heard as it is meant to be, or not at all, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
        const { heard, says } = setup();
        await says(...lines);
        for (const [name, ...given] of heard)
          expect([name, given, SOUND[name]!(...given)]).toEqual([name, given, true]);
      }),
    );
  });

  test("of what a message takes is an answer to what was asked, and nothing else is", async () => {
    const { heard, says } = setup();
    const error = { name: "TypeError", message: "no length" };
    await says(
      JSON.stringify({ estimates: { tokens: 5 }, isError: false, asked: 1 }),
      JSON.stringify({ estimates: error, isError: true, asked: 1 }),
      JSON.stringify({ estimates: { tokens: 5 }, isError: false, asked: 7 }),
    );
    expect(heard).toEqual([
      ["estimates", 1, { estimates: { tokens: 5 } }],
      ["estimates", 1, { ended: { kind: "retry", error: expect.objectContaining({ name: "TypeError" }) } }],
      ["estimates", 7, { estimates: { tokens: 5 } }],
      ["fault", "estimates that nobody asked for"],
    ]);
  });

  test.each(Object.keys(ODD_THROWS))("of an agent that threw %s is a plain retry", (name) => {
    const wire = JSON.parse(JSON.stringify(outcomeToWire(outcomeOfError(ODD_THROWS[name]!()))));
    expect(outcomeFromWire(wire)).toEqual({ kind: "retry", error: expect.any(Error) });
  });

  test.each(Object.keys(ODD_THROWS))("of fields with %s among them is JSON", (name) => {
    const odd = ODD_THROWS[name]!();
    for (const fields of [{ odd }, odd as object]) expect(typeof JSON.stringify(fieldsToWire(fields))).toBe("string");
  });
});

test.each([undefined, 0, 2.5])("a provider's word crosses with its seconds: %p", (seconds) => {
  const outcome = outcomeOfError(new Busy("crm", seconds));
  expect(outcomeFromWire(JSON.parse(JSON.stringify(outcomeToWire(outcome))))).toEqual(outcome);
});

test("a provider's word of no budget is none", () => {
  const wire = { kind: "defer", reason: "busy", busy: {} };
  expect(outcomeFromWire(wire)).toMatchObject({ kind: "retry" });
});

test("an error crosses with its name, message, code and frames", () => {
  const error = Object.assign(new RangeError("too far"), { code: "EFAR" });
  const { error: wire } = outcomeToWire({ kind: "retry", error }) as { error: unknown };
  const made = errorFromWire(wire);
  expect(made).toMatchObject({ name: "RangeError", message: "too far", code: "EFAR" });
  expect(made.stack).toMatch(/^RangeError: too far\n {4}at .*module-channel/);
});
