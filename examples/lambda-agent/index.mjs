// The function's handler. The event source mapping must have FunctionResponseTypes: [ReportBatchItemFailures].
import { toLambda } from "queuehand";
import agent from "./agent.mjs";

export const handler = toLambda(agent);
