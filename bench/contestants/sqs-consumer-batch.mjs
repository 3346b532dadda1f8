/** sqs-consumer with `handleMessageBatch`: a batch a call of the handler, deleted in one batch. */
import { work } from "../agent.mjs";
import { startConsumers } from "../consumers.mjs";

startConsumers({
  handleMessageBatch: async (messages) => {
    await Promise.all(messages.map(({ MessageId }) => work(MessageId)));
    return messages;
  },
});
