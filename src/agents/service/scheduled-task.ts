import type { ReceivedMessage } from "../../pipeline/ports/queue.js";

const PREFIX = "beanstalk.sqsd.";

/** A task of Elastic Beanstalk's cron.yaml, as its daemon leaves it in the queue. */
export interface ScheduledTask {
  /** Begins with a slash. */
  readonly path: string;
  readonly name: string | undefined;
  readonly scheduledAt: string | undefined;
}

/** The task that a message is; undefined where it is none. */
export function scheduledTask({ attributes }: Pick<ReceivedMessage, "attributes">): ScheduledTask | undefined {
  if (attributes.size === 0) return undefined;
  const text = (name: string) => attributes.get(PREFIX + name)?.string;
  const path = text("path");
  if (!path?.startsWith("/")) return undefined;
  return { path, name: text("task_name"), scheduledAt: text("scheduled_time") };
}

export const isOfDaemon = (name: string): boolean => name.startsWith(PREFIX);

/** Where a task is posted to: its path on the host of `base`, whatever the path says of hosts. */
export function urlOfTask(base: URL, { path }: ScheduledTask): URL {
  const at = path.search(/[?#]|$/);
  const url = new URL(base);
  url.pathname = path.slice(0, at);
  url.search = path.slice(at).replace(/#.*$/s, "");
  return url;
}
