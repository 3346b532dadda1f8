/**
 * The agent of row 22: messages with `limited` call the provider BENCH_PROVIDER, and take of the budget `model` where there
 * is one; all others take a tenth of a second.
 */
import { openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defineHandler } from "../dist/index.js";
import { monotonicMs } from "./clock.mjs";

const AGENT_MS = 100;
const events = openSync(process.env.BENCH_EVENTS, "a");

export default defineHandler({
  ...(process.env.BUDGETS && { uses: { model: ({ body }) => (body.limited ? 1 : 0) } }),
  async handle({ id, body }) {
    if (body.limited) return void (await fetch(process.env.BENCH_PROVIDER, { method: "POST", body: "{}" }));
    writeSync(events, `start ${id} ${monotonicMs()}\n`);
    await sleep(AGENT_MS);
  },
});
