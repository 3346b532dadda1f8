import { percent, ratio, verdict, whole } from "./figures.mjs";

/** queuehand beside its peers. */
export const PEER_ROWS = [
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
    number: 14,
    title: "Ten rolling deployments over a backlog: agents of 50 to 500 ms, 10 slots, maxReceiveCount 3",
    aim: "≤ 1.01 receives a message, each message runs once, no dead letter",
    needs: ["rollingDeployments"],
    columns: {
      "receives a message": ({ receivesPerMessage }) => receivesPerMessage.toFixed(3),
      "dead letters": ({ dead }) => whole(dead),
      "dead without a run": ({ deadWithoutRun }) => whole(deadWithoutRun),
      "runs a message": ({ runsPerMessage }) => runsPerMessage.toFixed(3),
      "time, s": ({ elapsedMs }) => (elapsedMs / 1000).toFixed(1),
    },
    judge({ rollingDeployments: { queuehand } }) {
      const { receivesPerMessage, dead, runsPerMessage } = queuehand;
      return verdict(
        receivesPerMessage <= 1.01 && dead === 0 && runsPerMessage === 1,
        `${receivesPerMessage.toFixed(3)} receives and ${runsPerMessage.toFixed(3)} runs a message, ${whole(dead)} dead`,
      );
    },
  },
];
