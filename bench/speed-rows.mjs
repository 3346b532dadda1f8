import { allOf, ratio, verdict, whole } from "./figures.mjs";
import { BY_SDK } from "./line-up.mjs";

const PEERS = ["squiss", "sqs-consumer-batch", "sqs-consumer"];

/** What larger bodies cost, at most `most` × the SDK's loop. */
const atBodies = (number, size, needs, most) => ({
  number,
  title: `Bodies of ${size}: no-op agent, 80 slots`,
  aim: `CPU a message ≤ ${ratio(most)} × the bare loop`,
  needs: [needs],
  columns: {
    "CPU × bare": ({ cpuRatio }) => ratio(cpuRatio),
    "CPU × node:http": ({ callsRatio }) => ratio(callsRatio),
    "µs a message": ({ cpuMicros }) => whole(cpuMicros),
    "messages/s × bare": ({ speedRatio }) => ratio(speedRatio),
    "messages/s": ({ perSecond }) => whole(perSecond),
    "cores used": ({ cores }) => ratio(cores),
    "server's cores": ({ serverCores }) => ratio(serverCores),
    "calls a message": ({ callsPerMessage }) => ratio(callsPerMessage),
  },
  judge({ [needs]: { queuehand } }) {
    return verdict(queuehand.cpuRatio <= most + 0.005, `${ratio(queuehand.cpuRatio)} × bare`);
  },
});

/** What a message costs at full speed, and how many there are in a second. */
export const SPEED_ROWS = [
  {
    number: 1,
    title: "CPU a message: no-op agent, 256 B, 80 slots",
    aim: "≤ 0.20 × the bare loop, ≤ 1.15 × the same calls over node:http; with SQS_TRANSPORT=sdk ≤ 1.05 × the bare loop",
    needs: ["usualSlots"],
    columns: {
      "× bare": ({ cpuRatio }) => ratio(cpuRatio),
      "× node:http": ({ callsRatio }) => ratio(callsRatio),
      "µs a message": ({ cpuMicros }) => cpuMicros.toFixed(1),
      "calls a message": ({ callsPerMessage }) => ratio(callsPerMessage),
    },
    judge({ usualSlots: { queuehand, [BY_SDK]: bySdk } }) {
      return allOf([
        verdict(queuehand.cpuRatio <= 0.205, `${ratio(queuehand.cpuRatio)} × bare`),
        verdict(queuehand.callsRatio <= 1.155, `${ratio(queuehand.callsRatio)} × node:http`),
        verdict(bySdk.cpuRatio <= 1.055, `by the SDK ${ratio(bySdk.cpuRatio)} × bare`),
      ]);
    },
  },
  {
    number: 2,
    title: "Messages a second of one process",
    aim: "≥ 4.5 × the best peer",
    needs: ["usualSlots"],
    columns: {
      "× the best peer": ({ perSecond }, { usualSlots }) => ratio(perSecond / bestPeer(usualSlots)),
      "× bare": ({ speedRatio }) => ratio(speedRatio),
      "messages/s": ({ perSecond }) => whole(perSecond),
      "cores used": ({ cores }) => ratio(cores),
      "server's cores": ({ serverCores }) => ratio(serverCores),
    },
    judge({ usualSlots }) {
      const times = usualSlots.queuehand.perSecond / bestPeer(usualSlots);
      return verdict(times >= 4.495, `${ratio(times)} × the best peer`);
    },
  },
  {
    number: 7,
    title: "1,000 slots at full speed: memory, and CPU a message against 80 slots",
    aim: "memory ≤ 0.40 × the least of everybody else in the run",
    needs: ["manySlots", "usualSlots"],
    columns: {
      "memory × the least": ({ residentMb }, { manySlots }) => ratio(residentMb / leastMemory(manySlots)),
      "memory MB": ({ residentMb }) => whole(residentMb),
      "CPU × 80 slots": ({ cpuMicros }, { usualSlots }, name) => ratio(cpuMicros / usualSlots[name].cpuMicros),
      "µs a message": ({ cpuMicros }) => cpuMicros.toFixed(1),
    },
    judge({ manySlots }) {
      const least = leastMemory(manySlots);
      const { residentMb } = manySlots.queuehand;
      return verdict(
        residentMb <= 0.405 * least,
        `${whole(residentMb)} MB where the least of the others is ${whole(least)}: ${ratio(residentMb / least)} ×`,
      );
    },
  },
  atBodies(15, "4 KiB", "bodies4K", 0.28),
  atBodies(16, "64 KiB", "bodies64K", 0.55),
  atBodies(17, "256 KiB", "bodies256K", 0.55),
  {
    number: 18,
    title: "A million messages each at 10 and at 1,000 slots: no-op agent, 256 B",
    aim: "CPU a message flat within 10 %, from 10 slots to 1,000 and from the first half to the second; memory within 10 %, no descriptor more",
    needs: ["million"],
    columns: {
      messages: ({ messages }) => whole(messages),
      "µs a message": ({ cpuMicros }) => cpuMicros.toFixed(1),
      "second half × first": ({ cpuGrowth }) => ratio(cpuGrowth),
      "× node:http's": ({ ownCpuGrowth }) => ratio(ownCpuGrowth),
      "MB, first half": ({ earlyMb }) => whole(earlyMb),
      "MB, second half": ({ lateMb }) => whole(lateMb),
      "descriptors, first half": ({ earlyDescriptors }) => whole(earlyDescriptors),
      "descriptors, second half": ({ lateDescriptors }) => whole(lateDescriptors),
    },
    judge({ million: { "queuehand, 10 slots": few, "queuehand, 1,000 slots": many } }) {
      const most = (figure) => Math.max(figure(few), figure(many));
      const spread = many.cpuMicros / few.cpuMicros;
      const growth = most(({ ownCpuGrowth }) => ownCpuGrowth);
      const memory = most(({ memoryGrowth }) => memoryGrowth);
      const descriptors = most(({ earlyDescriptors, lateDescriptors }) => lateDescriptors - earlyDescriptors);
      return allOf([
        verdict(Math.abs(spread - 1) <= 0.105, `CPU at 1,000 slots ${ratio(spread)} × 10`),
        verdict(growth <= 1.105, `second half ${ratio(growth)} × the first`),
        verdict(memory <= 1.105, `memory ${ratio(memory)} ×`),
        verdict(descriptors <= 0, `${whole(Math.max(0, descriptors))} descriptors more`),
      ]);
    },
  },
];

/** Figures of those that were run and didn't fail. */
const some = (names, contestants, field) => names.map((name) => contestants[name]?.[field]).filter(Number.isFinite);

const bestPeer = (contestants) => Math.max(...some(PEERS, contestants, "perSecond"));

/** The least memory of those that aren't queuehand. */
const leastMemory = (contestants) => Math.min(...some(["bare", ...PEERS], contestants, "residentMb"));
