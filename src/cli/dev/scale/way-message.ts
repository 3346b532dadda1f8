/** What `dev --scale` tells its queue server of a task's way to it. */
export interface WayOrder {
  readonly task: number;
  readonly order: "open" | "cut" | "mend" | "close";
}

/** What the queue server tells: where it listens, or, for a task alone, on which port. */
export type QueueServerMessage = { readonly endpoint: string } | { readonly task: number; readonly port: number };
