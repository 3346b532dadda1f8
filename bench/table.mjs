import { titleOf, whose } from "./contestant.mjs";
import { GROUPS } from "./rows/idempotency.mjs";

const fixed = (digits) => (value) => value.toFixed(digits);
const ratio = fixed(2);
const whole = fixed(0);
const percent = (value) => `${value.toFixed(0)} %`;
const verdict = (reached, text) => ({ reached, text });

/**
 * The rows of the results. `needs` names measurements; the contestants of the first, or of those that `lines` names, make
 * the table's lines; a column's value comes from the medians of one contestant and of
 * all; `judge` says whether queuehand reached its aim, from the medians by contestant.
 */
export const ROWS = [
  {
    number: 1,
    title: "CPU a message: no-op agent, 256 B, 80 slots",
    aim: "≤ 1.05 × the bare loop",
    needs: ["usualSlots"],
    columns: {
      "× bare": ({ cpuRatio }) => ratio(cpuRatio),
      "µs a message": ({ cpuMicros }) => whole(cpuMicros),
      "calls a message": ({ callsPerMessage }) => ratio(callsPerMessage),
    },
    judge({ usualSlots: { queuehand } }) {
      return verdict(queuehand.cpuRatio <= 1.055, `${ratio(queuehand.cpuRatio)} × bare`);
    },
  },
  {
    number: 2,
    title: "Messages a second of one process",
    aim: "≥ 1.00 × the bare loop",
    needs: ["usualSlots"],
    columns: {
      "× bare": ({ speedRatio }) => ratio(speedRatio),
      "messages/s": ({ perSecond }) => whole(perSecond),
      "cores used": ({ cores }) => ratio(cores),
      "server's cores": ({ serverCores }) => ratio(serverCores),
    },
    judge({ usualSlots: { queuehand } }) {
      return verdict(queuehand.speedRatio >= 0.995, `${ratio(queuehand.speedRatio)} × bare`);
    },
  },
  {
    number: 3,
    title: "90 % agents of 20 ms and 10 % of 1 s, 20 slots, 10 ms a call",
    aim: "≥ 98 % of the slots busy at ≤ 0.35 calls a message",
    needs: ["longTail"],
    columns: {
      "slots busy": ({ busyPercent }) => percent(busyPercent),
      "calls a message": ({ callsPerMessage }) => ratio(callsPerMessage),
      "messages/s": ({ perSecond }) => whole(perSecond),
    },
    judge({ longTail: { queuehand } }) {
      const { busyPercent, callsPerMessage } = queuehand;
      return verdict(
        busyPercent >= 98 && callsPerMessage <= 0.35,
        `${busyPercent.toFixed(1)} % at ${ratio(callsPerMessage)}`,
      );
    },
  },
  {
    number: 4,
    title: "SIGTERM with 50 slots at work and a backlog",
    aim: "none redelivered though finished, none hidden, exit ≤ the longest agent + 0.5 s",
    needs: ["sigterm"],
    columns: {
      "redelivered though finished": ({ finishedNotDeleted }) => whole(finishedNotDeleted),
      "hidden after exit": ({ hidden }) => whole(hidden),
      "agents cut short": ({ cutShort }) => whole(cutShort),
      "agents at work": ({ inFlight }) => whole(inFlight),
      "exit after the last agent, ms": ({ afterLastAgentMs }) => whole(afterLastAgentMs),
      "exit code": ({ exitCode }) => String(exitCode),
    },
    judge({ sigterm: { queuehand } }) {
      const { finishedNotDeleted, hidden, cutShort, afterLastAgentMs } = queuehand;
      return verdict(
        finishedNotDeleted + hidden + cutShort === 0 && afterLastAgentMs <= 500,
        `${finishedNotDeleted} redelivered, ${hidden} hidden, ${whole(afterLastAgentMs)} ms after the last agent`,
      );
    },
  },
  {
    number: 5,
    title: "Idle pick-up on the embedded server: send to the agent's start",
    aim: "p50 ≤ 1.8 ms, p99 ≤ 3 ms",
    needs: ["pickUp"],
    columns: {
      "p50 × bare": ({ p50Ms }, { pickUp }) => ratio(p50Ms / pickUp.bare.p50Ms),
      "p50 ms": ({ p50Ms }) => ratio(p50Ms),
      "p99 ms": ({ p99Ms }) => ratio(p99Ms),
      "least p99 ms": ({ least }) => ratio(least.p99Ms),
    },
    judge({ pickUp: { queuehand } }) {
      const { p50Ms, p99Ms } = queuehand;
      return verdict(p50Ms <= 1.8 && p99Ms <= 3, `p50 ${ratio(p50Ms)} ms, p99 ${ratio(p99Ms)} ms`);
    },
  },
  {
    number: 6,
    title: "Cold start: spawn to the first receive at the server",
    aim: "no slower than sqs-consumer",
    needs: ["coldStart"],
    columns: {
      "× sqs-consumer": ({ firstReceiveMs }, { coldStart }) =>
        ratio(firstReceiveMs / coldStart["sqs-consumer"].firstReceiveMs),
      ms: ({ firstReceiveMs }) => whole(firstReceiveMs),
      "least ms": ({ least }) => whole(least.firstReceiveMs),
    },
    judge({ coldStart: { queuehand, ...peers } }) {
      const slowness = queuehand.firstReceiveMs / peers["sqs-consumer"].firstReceiveMs;
      return verdict(slowness <= 1.005, `${ratio(slowness)} × sqs-consumer`);
    },
  },
  {
    number: 7,
    title: "1,000 slots at full speed: memory, and CPU a message against 80 slots",
    aim: "less memory than everybody else in the run; CPU a message flat within 20 %",
    needs: ["manySlots", "usualSlots"],
    columns: {
      "memory × bare": ({ residentMb }, { manySlots }) => ratio(residentMb / manySlots.bare.residentMb),
      "CPU × 80 slots": ({ cpuMicros }, { usualSlots }, name) => ratio(cpuMicros / usualSlots[name].cpuMicros),
      "memory MB": ({ residentMb }) => whole(residentMb),
      "µs a message": ({ cpuMicros }) => whole(cpuMicros),
    },
    judge({ manySlots: { queuehand, "queuehand-library": _, ...others }, usualSlots }) {
      const least = Math.min(...Object.values(others).map(({ residentMb }) => residentMb));
      const growth = queuehand.cpuMicros / usualSlots.queuehand.cpuMicros;
      return verdict(
        queuehand.residentMb < least && Math.abs(growth - 1) <= 0.2,
        `${whole(queuehand.residentMb)} MB where the least of the others is ${whole(least)}; CPU ${ratio(growth)} × 80 slots`,
      );
    },
  },
  {
    number: 8,
    title: "Agents that block the event loop for 3 × the visibility timeout, two messages, two processes",
    aim: "each message runs once",
    needs: ["blocking"],
    columns: {
      "runs a message": ({ runsPerMessage }) => runsPerMessage.toFixed(1),
      deleted: ({ deleted }) => `${deleted} of 2`,
    },
    judge: ({ blocking: { queuehand } }) => verdict(queuehand.runs === 2, `${queuehand.runs} runs of 2 messages`),
  },
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
    judge({ isolation: { "queuehand, ISOLATION=process": pool } }) {
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
      const { p50Ms } = medians.freshStart["queuehand, ISOLATION=process-per-message"];
      const { perSecond } = medians.isolation["queuehand, ISOLATION=process-per-message"];
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

/** A contestant may fail or be left out of a run, and then a ratio to it is not to be had. */
const NO_FIGURE = /undefined|NaN|Infinity/;

function figure(compute) {
  try {
    const text = compute();
    return NO_FIGURE.test(text) ? "–" : text;
  } catch (error) {
    if (error instanceof TypeError) return "–";
    throw error;
  }
}

function judgement(judge, needs, medians) {
  const all = needs.flatMap((key) => Object.entries(medians[key]));
  const ours = all.filter(([name]) => whose(name) === "queuehand");
  if (ours.length === 0) return "";
  const failed = ours.find(([, { failed }]) => failed);
  if (failed) return ` **Not reached**: ${titleOf(failed[0])} failed.`;
  const text = figure(() => {
    const { reached, text } = judge(medians);
    return ` **${reached ? "Reached" : "Not reached"}**: ${text}.`;
  });
  return text === "–" ? "" : text;
}

/** One row as Markdown. */
export function rowText({ number, title, aim, needs, lines: shown = [needs[0]], columns, judge }, medians) {
  const headings = Object.keys(columns);
  const lines = [`## ${number}. ${title}`, ""];
  lines.push(`Aim: ${aim}.${judgement(judge, needs, medians)}`, "");
  lines.push(`| | ${headings.join(" | ")} |`, `|---|${headings.map(() => "---:|").join("")}`);
  for (const [name, values] of shown.flatMap((key) => Object.entries(medians[key]))) {
    const cells = headings.map((heading, index) => {
      if (values.failed) return index === 0 ? "failed" : "";
      return figure(() => columns[heading](values, medians, name));
    });
    lines.push(`| ${titleOf(name)} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}
