import { idempotencyContract } from "../../support/idempotency-contract.js";
import { MemoryIdempotency } from "../../support/memory-idempotency.js";

idempotencyContract("keys in memory", async () => ({ table: new MemoryIdempotency(3_600), stop: async () => {} }));
