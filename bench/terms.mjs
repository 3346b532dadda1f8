/** The terms of a run, the same for every contestant, from the environment. */
const number = (name, fallback) => Number(process.env[name] ?? fallback);

export const queueUrl = process.env.SQS_QUEUE_URL;
/** How many messages may be worked on at once. */
export const slots = number("CONCURRENCY", 80);
export const waitSeconds = number("POLL_INTERVAL_SECONDS", 20);
export const visibilitySeconds = number("VISIBILITY_TIMEOUT", 120);
/** Most messages of one receive. */
export const batchSize = Math.min(10, slots);
/** How many receive loops of `batchSize` make up the slots, for contestants that work batch by batch. */
export const loops = Math.max(1, Math.round(slots / batchSize));
/** Instances that share the slots, for a contestant that refills its slots: one as its users run it, eight at full speed. */
export const pollers = slots < 80 ? 1 : 8;
/** Whether a peer renews its leases; off where agents end at once, since that is the peer's leanest way to run. */
export const heartbeat = process.env.BENCH_HEARTBEAT === "on";
