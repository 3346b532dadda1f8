import { describe, expect, test } from "@jest/globals";
import { type Fact, fanOut, type Telemetry } from "../../../../src/pipeline/ports/telemetry.js";
import { eventually } from "../../../support/eventually.js";

const fact: Fact = { kind: "receiveRecovered", failures: 1 };

/** A listener that keeps what it hears. */
function kept() {
  const facts: Fact[] = [];
  return { facts, listener: ((told) => void facts.push(told)) satisfies Telemetry };
}

const failing: Telemetry = () => {
  throw Object.create(null);
};

describe("a listener that fails", () => {
  test("keeps no fact from the others, and is told of to them once", () => {
    const [before, after] = [kept(), kept()];
    const tell = fanOut([before.listener, failing, after.listener]);
    for (let n = 0; n < 3; n++) tell(fact);
    const warning = expect.objectContaining({ kind: "warning", text: expect.stringContaining("listener") });
    expect(before.facts).toEqual([fact, warning, fact, fact]);
    expect(after.facts).toEqual([warning, fact, fact, fact]);
  });

  test("may do so by a promise", async () => {
    const other = kept();
    const tell = fanOut([(async () => failing(fact)) as Telemetry, other.listener]);
    tell(fact);
    tell(fact);
    const kinds = await eventually(
      async () => other.facts.map(({ kind }) => kind),
      ({ length }) => length === 3,
    );
    expect(kinds).toEqual([fact.kind, fact.kind, "warning"]);
  });

  test("is told of also where all of them fail", () => {
    const other = kept();
    fanOut([failing, () => failing(fact), other.listener])(fact);
    expect(other.facts.map(({ kind }) => kind)).toEqual(["warning", "warning", fact.kind]);
  });
});

test("a listener that is added later hears what comes later", () => {
  const other = kept();
  const listeners: Telemetry[] = [];
  const tell = fanOut(listeners);
  tell(fact);
  listeners.push(other.listener);
  tell(fact);
  expect(other.facts).toEqual([fact]);
});
