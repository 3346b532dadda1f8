// The recording agent under Lambda, once for each key.
import { lambdaIdempotency, toLambda } from "../../../../dist/index.js";
import recordingAgent from "./recording-agent.mjs";

export const handler = toLambda(recordingAgent, { idempotency: lambdaIdempotency() });
