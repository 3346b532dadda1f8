import { expect, test } from "@jest/globals";
import { nearest } from "../../../src/cli/nearest.js";

const COMMANDS = ["run", "dev", "send", "config", "doctor"];

test.each([
  ["snd", "send"],
  ["sned", "send"],
  ["conf", "config"],
  ["doktor", "doctor"],
  ["rnu", "run"],
])("%j was meant to be %j", (typed, meant) => {
  expect(nearest(typed, COMMANDS)).toBe(meant);
});

test.each(["x", "deploy", "", "purge"])("%j resembles nothing", (typed) => {
  expect(nearest(typed, COMMANDS)).toBeUndefined();
});
