import { ratio, verdict, whole } from "./figures.mjs";

const TENTH = "queuehand, 10 % traced";

/** What OpenTelemetry costs where it is asked for; where it isn't, there is nothing to be measured. */
export const TRACING_ROW = {
  number: 19,
  title: "Traces to a collector beside the worker: no-op module agent, 80 slots",
  aim: "at 10 % sampling ≤ 25 µs of CPU a message more",
  needs: ["traces"],
  columns: {
    "µs more": ({ cpuOverMicros }) => ratio(cpuOverMicros),
    "µs a message": ({ cpuMicros }) => ratio(cpuMicros),
    "messages/s": ({ perSecond }) => whole(perSecond),
  },
  judge({ traces: { [TENTH]: tenth } }) {
    return verdict(tenth.cpuOverMicros <= 25, `${ratio(tenth.cpuOverMicros)} µs more`);
  },
};
