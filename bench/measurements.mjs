import { AND_FLEET, BARE_NODE, BESIDE, BUSY, BY_SDK, BY_TABLE, FREE, FRESH, POOL, READER, TOLD } from "./line-up.mjs";
import { blocking } from "./rows/blocking.mjs";
import { changingFleet } from "./rows/changing-fleet.mjs";
import { coldStart } from "./rows/cold-start.mjs";
import { freshStart } from "./rows/fresh-start.mjs";
import { fullSpeed } from "./rows/full-speed.mjs";
import { idempotency } from "./rows/idempotency.mjs";
import { longTail } from "./rows/long-tail.mjs";
import { manyPrograms } from "./rows/many-programs.mjs";
import { million } from "./rows/million.mjs";
import { pickUp } from "./rows/pick-up.mjs";
import { providerLimit } from "./rows/provider-limit.mjs";
import { rollingDeployments } from "./rows/rolling-deployments.mjs";
import { sigterm } from "./rows/sigterm.mjs";
import { tracing } from "./rows/tracing.mjs";
import { unlimitedBeside } from "./rows/unlimited-beside.mjs";

const EVERYBODY = ["bare", "squiss", "sqs-consumer-batch", "sqs-consumer", "queuehand"];
/** Who has a way to stop, or to keep a lease, or a start of its own. */
const LIBRARIES = ["squiss", "sqs-consumer-batch", "sqs-consumer", "queuehand"];
const MANY_SLOTS = 1000;
const USUAL_SLOTS = 80;
/** At larger bodies: the references, the peer that costs least there, and queuehand. */
const AT_BODIES = ["bare", "node-http", "sqs-consumer-batch", "queuehand", READER];
/** CONCURRENCY where nobody sets it. */
const DEFAULT_SLOTS = 10;
const SPAWN = "an agent that spawns /bin/true";

const atBodiesOf = (bodyBytes) => ({
  contestants: AT_BODIES,
  relay: (names, { seconds }, report) => fullSpeed(names, { slots: USUAL_SLOTS, bodyBytes, seconds }, report),
});

/**
 * What is run, by name. `trial` runs one contestant; all of them one after the other, or `together`, each on a server of
 * its own; `behind`: beside everything else, since it sleeps nearly all the time. What is `once` or `behind` runs once,
 * whatever the number of runs. A `relay` runs all contestants by turns itself.
 */
export const MEASUREMENTS = {
  blocking: { contestants: LIBRARIES, together: true, behind: true, trial: blocking },
  longKeys: { contestants: ["queuehand, runs longer than a lease"], behind: true, trial: idempotency },
  usualSlots: {
    contestants: ["bare", "node-http", "squiss", "sqs-consumer-batch", "sqs-consumer", "queuehand", READER, BY_SDK],
    relay: (names, { seconds }, report) => fullSpeed(names, { slots: USUAL_SLOTS, seconds }, report),
  },
  bodies4K: atBodiesOf(4 * 1024),
  bodies64K: atBodiesOf(64 * 1024),
  bodies256K: atBodiesOf(256 * 1024),
  million: {
    contestants: ["node-http", "queuehand, 10 slots", "queuehand, 1,000 slots"],
    once: true,
    relay: (names, _, report) => million(names, report),
  },
  manySlots: {
    contestants: [...EVERYBODY, "queuehand-library"],
    relay: (names, { seconds }, report) => fullSpeed(names, { slots: MANY_SLOTS, seconds }, report),
  },
  isolation: {
    contestants: ["queuehand", POOL, FRESH, BARE_NODE],
    relay: (names, { seconds }, report) =>
      fullSpeed(names, { slots: DEFAULT_SLOTS, seconds, reference: "queuehand", windowMs: 2000 }, report),
  },
  traces: {
    contestants: ["queuehand", "queuehand, 10 % traced", "queuehand, all traced"],
    relay: (names, { seconds }, report) => tracing(names, { slots: USUAL_SLOTS, seconds }, report),
  },
  freshStart: { contestants: ["queuehand", FRESH], trial: freshStart },
  programs: {
    contestants: [`bare, ${SPAWN}`, `queuehand, ${SPAWN}`, "queuehand, exec:/bin/true"],
    relay: (names, { seconds }, report) =>
      fullSpeed(names, { slots: DEFAULT_SLOTS, seconds, reference: `queuehand, ${SPAWN}` }, report),
  },
  keys: {
    contestants: [
      "queuehand",
      "queuehand, each key once",
      "queuehand, repetitions of what is at work here",
      "queuehand, repetitions of what was done here",
      "queuehand, repetitions of what another task did",
      "queuehand, FIFO groups",
    ],
    trial: idempotency,
  },
  manyPrograms: {
    contestants: ["queuehand", "queuehand, as in the image"],
    together: true,
    once: true,
    trial: manyPrograms,
  },
  longTail: {
    contestants: EVERYBODY,
    together: true,
    trial: (name, { seconds }) => longTail(name, { seconds: 2 * seconds }),
  },
  sigterm: {
    contestants: [...LIBRARIES, "sqs-consumer-batch, abort", "sqs-consumer, abort"],
    together: true,
    trial: sigterm,
  },
  rollingDeployments: { contestants: LIBRARIES, together: true, trial: rollingDeployments },
  providerLimit: {
    contestants: [TOLD, BY_TABLE, BUSY, "queuehand, Retry thrown", "sqs-consumer"],
    once: true,
    trial: providerLimit,
  },
  changingFleet: { contestants: [AND_FLEET, TOLD, BY_TABLE], once: true, trial: changingFleet },
  unlimitedBeside: { contestants: ["queuehand", BESIDE], trial: unlimitedBeside },
  freeBudget: {
    contestants: ["queuehand", FREE],
    relay: (names, { seconds }, report) =>
      fullSpeed(names, { slots: USUAL_SLOTS, seconds, reference: "queuehand" }, report),
  },
  pickUp: { contestants: EVERYBODY, relay: (names, _, report) => pickUp(names, report) },
  coldStart: { contestants: [...EVERYBODY, "node-http"], timesRuns: 5, trial: coldStart },
};
