/** sqs-consumer as it is mostly used, with `handleMessage`: ten received at once, each deleted by a call of its own. */
import { work } from "../agent.mjs";
import { startConsumers } from "../consumers.mjs";

startConsumers({
  handleMessage: async (message) => {
    await work(message.MessageId);
    return message;
  },
});
