import { allOf, percent, ratio, verdict, whole } from "./figures.mjs";

/** queuehand beside its peers, where it isn't about speed alone. */
export const PEER_ROWS = [
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
    aim: "p50 ≤ 0.75 × the bare loop, p99 ≤ 0.80 ×",
    needs: ["pickUp"],
    columns: {
      "p50 × bare": ({ p50Ratio }) => ratio(p50Ratio),
      "p99 × bare": ({ p99Ratio }) => ratio(p99Ratio),
      "p50 ms": ({ p50Ms }) => ratio(p50Ms),
      "p99 ms": ({ p99Ms }) => ratio(p99Ms),
      "least p99 ms": ({ least }) => ratio(least.p99Ms),
    },
    judge({ pickUp: { queuehand } }) {
      const { p50Ratio, p99Ratio } = queuehand;
      return allOf([
        verdict(p50Ratio <= 0.755, `p50 ${ratio(p50Ratio)} × bare`),
        verdict(p99Ratio <= 0.805, `p99 ${ratio(p99Ratio)} × bare`),
      ]);
    },
  },
  {
    number: 6,
    title: "Cold start: spawn to the first receive at the server",
    aim: "≤ 0.70 × sqs-consumer",
    needs: ["coldStart"],
    columns: {
      "× sqs-consumer": ({ firstReceiveMs }, { coldStart }) =>
        ratio(firstReceiveMs / coldStart["sqs-consumer"].firstReceiveMs),
      ms: ({ firstReceiveMs }) => whole(firstReceiveMs),
      "least ms": ({ least }) => whole(least.firstReceiveMs),
    },
    judge({ coldStart: { queuehand, ...peers } }) {
      const slowness = queuehand.firstReceiveMs / peers["sqs-consumer"].firstReceiveMs;
      return verdict(slowness <= 0.705, `${ratio(slowness)} × sqs-consumer`);
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
