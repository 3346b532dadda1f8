// The recording agent under Lambda; a message that asks to fail does.
import { toLambda } from "../../../../dist/index.js";
import recordingAgent from "./recording-agent.mjs";

export const handler = toLambda(async (message, context) => {
  if (message.body.fails) throw new Error("it was asked to");
  await recordingAgent(message, context);
});
