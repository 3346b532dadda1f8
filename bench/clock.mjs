/** The machine's monotonic clock, the same in all processes. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
