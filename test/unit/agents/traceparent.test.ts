import { expect, test } from "@jest/globals";
import { traceparentOf } from "../../../src/agents/traceparent.js";
import { received } from "../../support/agent-bundle.js";

const given = (string: string) => received("", { attributes: [["traceparent", { type: "String", string }]] });
const trace = "0af7651916cd43dd8448eb211c80319c";

test("A message's trace is its attribute, else what its trace header says", () => {
  expect(traceparentOf(given(`00-${trace}-b7ad6b7169203331-01`))).toBe(`00-${trace}-b7ad6b7169203331-01`);
  const header = "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331";
  expect(traceparentOf(received("", { traceHeader: header }))).toBe(`00-${trace}-b7ad6b7169203331-00`);
  expect(traceparentOf(received("", { traceHeader: `${header};Sampled=1` }))).toBe(`00-${trace}-b7ad6b7169203331-01`);
});

test.each(["", "$(id)", `00-${trace}-b7ad6b7169203331-01\nLD_PRELOAD=x`, "Root=1-0af76519-16cd43dd8448eb211c80319c"])(
  "What isn't exactly a trace is none: %j",
  (text) => {
    expect(traceparentOf(given(text))).toBeUndefined();
    expect(traceparentOf(received("", { traceHeader: text }))).toBeUndefined();
  },
);
