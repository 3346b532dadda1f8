import { CloudWatchMetrics } from "../aws/cloudwatch/cloudwatch-metrics.js";
import { EcsFleet } from "../aws/ecs/ecs-task.js";
import { endpointOf, regionOf } from "../aws/wire/region.js";
import type { Config } from "../config/config.js";
import { EmfMetrics } from "../observe/emf.js";
import { LogOutput } from "../observe/log-output.js";
import type { ObservatoryParts } from "../observe/observatory.js";
import type { CountedQueue, FleetSize, MetricsSink } from "../pipeline/ports/metrics.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { slotDemand } from "../scaling/slot-demand.js";

/** Where METRICS sends the metrics of a queue, or undefined for `off`. */
export function publishingOf(
  config: Config,
  queue: CountedQueue,
  telemetry: Telemetry,
): ObservatoryParts["publishing"] {
  const sink = sinkOf(config);
  return (
    sink && {
      settings: config,
      sink,
      queue,
      fleet: fleetOf(config, telemetry),
      slotDemand,
    }
  );
}

/** Who knows how many tasks there are. */
export function fleetOf({ fleetServices }: Config, telemetry: Telemetry): FleetSize {
  return new EcsFleet({ telemetry, services: fleetServices });
}

function sinkOf(config: Config): MetricsSink | undefined {
  switch (config.metrics) {
    case "cloudwatch":
      // The queue's region, since where only its URL names one the SDK would find none.
      return new CloudWatchMetrics({ region: regionOf(config.queueUrl, process.env, endpointOf(process.env)) });
    case "emf":
      return new EmfMetrics((line) => LogOutput.stdout.write(line));
    case "off":
      return undefined;
  }
}
