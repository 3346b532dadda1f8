import { startServer } from "../contestant.mjs";
import { fullSpeed } from "./full-speed.mjs";

/** What OpenTelemetry costs a message, beside a worker that nobody asked for it. */
export async function tracing(names, options, report) {
  const collector = await startServer("collector.mjs");
  try {
    await fullSpeed(names, { ...options, reference: "queuehand" }, report);
  } finally {
    collector.stop();
  }
}
