import { expect, test } from "@jest/globals";
import { liveThroughSeeds } from "../support/fleet/seeds.js";

/** A fleet's life takes some 50 ms; a loaded machine may take ten times as long. */
const TIMEOUT_MS = 600_000;

test(
  "fleets on a standard queue lose nothing and spend a receive for a run, whatever is done to them",
  async () => {
    expect(await liveThroughSeeds(false)).toEqual({ kinds: {}, stories: [] });
  },
  TIMEOUT_MS,
);
