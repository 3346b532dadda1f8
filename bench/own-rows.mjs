import { FRESH, POOL } from "./contestant.mjs";
import { ratio, verdict, whole } from "./figures.mjs";
import { GROUPS } from "./rows/idempotency.mjs";

/** queuehand beside itself: its agents elsewhere, as programs, once for each key. */
export const OWN_ROWS = [
  {
    number: 9,
    title: "Agents in a warm pool of processes, over this process: no-op module agent, 10 slots",
    aim: "≤ 1,000 µs of CPU a message more, ≥ 1,500 messages/s on two cores",
    needs: ["isolation"],
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
    aim: "p50 ≤ 40 ms from the receive to the agent's start with a warm spare, ≥ 25 messages/s on two cores",
    needs: ["freshStart", "isolation"],
    columns: {
      "p50 ms": ({ p50Ms }) => ratio(p50Ms),
      "p99 ms": ({ p99Ms }) => ratio(p99Ms),
      "messages/s": (_, { isolation }, name) => whole(isolation[name].perSecond),
      "CPU ms a message": (_, { isolation }, name) => ratio(isolation[name].cpuMicros / 1000),
      "cores used": (_, { isolation }, name) => ratio(isolation[name].cores),
    },
    judge(medians) {
      const { p50Ms } = medians.freshStart[FRESH];
      const { perSecond } = medians.isolation[FRESH];
      return verdict(p50Ms <= 40 && perSecond >= 25, `p50 ${ratio(p50Ms)} ms, ${whole(perSecond)} messages/s`);
    },
  },
  {
    number: 11,
    title: "A program for each message (exec:/bin/true) against a bare spawn of it, 10 slots",
    aim: "≤ 1.3 × its CPU",
    needs: ["programs"],
    columns: {
      "× the spawn": ({ cpuRatio }) => ratio(cpuRatio),
      "µs a message": ({ cpuMicros }) => whole(cpuMicros),
      "messages/s": ({ perSecond }) => whole(perSecond),
      "cores used": ({ cores }) => ratio(cores),
    },
    judge({ programs: { "queuehand, exec:/bin/true": program } }) {
      return verdict(program.cpuRatio <= 1.3, `${ratio(program.cpuRatio)} × the spawn`);
    },
  },
  {
    number: 12,
    title: "Each key once: calls to the table (IDEMPOTENCY_TABLE)",
    aim: "two calls for a message; none for one that isn't the first here, or not yet the first of its group",
    needs: ["keys", "longKeys"],
    lines: ["keys", "longKeys"],
    columns: {
      messages: ({ messages }) => whole(messages),
      runs: ({ runs }) => whole(runs),
      calls: ({ calls }) => whole(calls),
      "calls a message": ({ callsPerMessage }) => ratio(callsPerMessage),
      "keys at work at once": ({ atWorkMost }) => whole(atWorkMost),
      "CPU µs a message": ({ cpuMicros }) => whole(cpuMicros),
    },
    judge({ keys }) {
      const { callsPerMessage } = keys["queuehand, each key once"];
      const { calls: atWork } = keys["queuehand, repetitions of what is at work here"];
      const { calls: done } = keys["queuehand, repetitions of what was done here"];
      const groups = keys["queuehand, FIFO groups"];
      return verdict(
        callsPerMessage === 2 &&
          atWork === 2 &&
          done === 0 &&
          groups.callsPerMessage === 2 &&
          groups.atWorkMost <= GROUPS,
        `${ratio(callsPerMessage)} for a message, ${whole(atWork - 2 + done)} for repetitions here`,
      );
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
