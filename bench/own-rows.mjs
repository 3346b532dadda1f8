import { allOf, ratio, verdict, whole } from "./figures.mjs";
import { BARE_NODE, FRESH, POOL } from "./line-up.mjs";
import { GROUPS } from "./rows/idempotency.mjs";

const ONCE = "queuehand, each key once";

/** What a bare node costs that prints one byte: without what starts it. */
const bareNodeMicros = (isolation) => isolation[BARE_NODE].childrenMicros;

/** What a message costs more than one without a table. */
const overNone = ({ cpuMicros }, keys) => cpuMicros - keys.queuehand.cpuMicros;

/** queuehand beside itself: its agents elsewhere, as programs, once for each key. */
export const OWN_ROWS = [
  {
    number: 9,
    title: "Agents in a warm pool of processes, over this process: no-op module agent, 10 slots",
    aim: "≤ 1,000 µs of CPU a message more, ≥ 1,500 messages/s on two cores",
    needs: ["isolation"],
    without: [BARE_NODE],
    columns: {
      "µs more": ({ cpuOverMicros }) => whole(cpuOverMicros),
      "µs a message": ({ cpuMicros }) => whole(cpuMicros),
      "messages/s": ({ perSecond }) => whole(perSecond),
      "cores used": ({ cores }) => ratio(cores),
    },
    judge({ isolation: { [POOL]: pool } }) {
      const { cpuOverMicros, perSecond } = pool;
      return verdict(
        cpuOverMicros <= 1000 && perSecond >= 1500,
        `${whole(cpuOverMicros)} µs more, ${whole(perSecond)} messages/s`,
      );
    },
  },
  {
    number: 10,
    title: "A fresh process for each message: no-op module agent, 10 slots",
    aim: "p50 ≤ 40 ms from the receive to the agent's start with a warm spare, ≥ 25 messages/s on two cores, CPU a message ≤ 1.25 × a bare node's that prints one byte",
    needs: ["freshStart", "isolation"],
    lines: ["isolation"],
    columns: {
      "CPU × a bare node": ({ cpuMicros }, { isolation }) => ratio(cpuMicros / bareNodeMicros(isolation)),
      "CPU ms a message": ({ cpuMicros }) => ratio(cpuMicros / 1000),
      "of its processes": ({ childrenMicros }) => ratio(childrenMicros / 1000),
      "p50 ms": (_, { freshStart }, name) => ratio(freshStart[name].p50Ms),
      "p99 ms": (_, { freshStart }, name) => ratio(freshStart[name].p99Ms),
      "messages/s": ({ perSecond }) => whole(perSecond),
      "cores used": ({ cores }) => ratio(cores),
    },
    judge({ freshStart, isolation }) {
      const { p50Ms } = freshStart[FRESH];
      const { cpuMicros, perSecond } = isolation[FRESH];
      const times = cpuMicros / bareNodeMicros(isolation);
      return allOf([
        verdict(p50Ms <= 40, `p50 ${ratio(p50Ms)} ms`),
        verdict(perSecond >= 25, `${whole(perSecond)} messages/s`),
        verdict(times <= 1.255, `${ratio(times)} × a bare node`),
      ]);
    },
  },
  {
    number: 11,
    title: "A program for each message (exec:/bin/true) against a bare spawn of it, 10 slots",
    aim: "≤ 1.15 × its CPU",
    needs: ["programs"],
    columns: {
      "× the spawn": ({ cpuRatio }) => ratio(cpuRatio),
      "µs a message": ({ cpuMicros }) => whole(cpuMicros),
      "messages/s": ({ perSecond }) => whole(perSecond),
      "cores used": ({ cores }) => ratio(cores),
    },
    judge({ programs: { "queuehand, exec:/bin/true": program } }) {
      return verdict(program.cpuRatio <= 1.155, `${ratio(program.cpuRatio)} × the spawn`);
    },
  },
  {
    number: 12,
    title: "Each key once: calls to the table (IDEMPOTENCY_TABLE), and their CPU",
    aim: "two calls for a message, ≤ 120 µs of CPU more than without a table; no call for one that isn't the first here, or not yet the first of its group",
    needs: ["keys", "longKeys"],
    lines: ["keys", "longKeys"],
    columns: {
      messages: ({ messages }) => whole(messages),
      runs: ({ runs }) => whole(runs),
      calls: ({ calls }) => whole(calls),
      "calls a message": ({ callsPerMessage }) => ratio(callsPerMessage),
      "keys at work at once": ({ atWorkMost }) => whole(atWorkMost),
      "CPU µs a message": ({ cpuMicros }) => whole(cpuMicros),
      "µs more": (run, { keys }) => whole(overNone(run, keys)),
    },
    judge({ keys }) {
      const { callsPerMessage } = keys[ONCE];
      const { calls: atWork } = keys["queuehand, repetitions of what is at work here"];
      const { calls: done } = keys["queuehand, repetitions of what was done here"];
      const groups = keys["queuehand, FIFO groups"];
      const more = overNone(keys[ONCE], keys);
      return allOf([
        verdict(callsPerMessage === 2, `${ratio(callsPerMessage)} calls for a message`),
        verdict(more <= 120, `${whole(more)} µs more`),
        verdict(atWork === 2 && done === 0, `${whole(atWork - 2 + done)} for repetitions here`),
        verdict(
          groups.callsPerMessage === 2 && groups.atWorkMost <= GROUPS,
          `${ratio(groups.callsPerMessage)} in groups`,
        ),
      ]);
    },
  },
  {
    number: 13,
    title: "Ten thousand runs of a program: what is left",
    aim: "no process, no descriptor, no file; at 10,000 the worker's memory within 10 % of that at 2,000",
    needs: ["manyPrograms"],
    columns: {
      processes: ({ processes }) => whole(processes),
      descriptors: ({ descriptors }) => whole(descriptors),
      files: ({ files }) => whole(files),
      "MB before": ({ startMb }) => whole(startMb),
      "MB at 2,000": ({ earlyMb }) => whole(earlyMb),
      "MB at 10,000": ({ lateMb }) => whole(lateMb),
    },
    judge({ manyPrograms: { "queuehand, as in the image": image } }) {
      const { processes, descriptors, files, growth } = image;
      return verdict(
        processes + descriptors + files === 0 && growth <= 1.1,
        `${processes} processes, ${descriptors} descriptors, ${files} files, memory × ${ratio(growth)}, as in the image`,
      );
    },
  },
];
