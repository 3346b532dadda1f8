// An agent for objects that are put into an S3 bucket: the notification comes straight from the bucket, through an SNS
// topic or through EventBridge, and looks the same here (docs/events.md).
import { defineHandler, s3Objects } from "queuehand";

export default defineHandler({
  decode: s3Objects,

  async handle({ body: objects }, { log }) {
    for (const { bucket, key, size, event } of objects) {
      if (!event.startsWith("ObjectCreated:")) continue;
      log.info({ bucket, key, size }, "object seen");
    }
  },
});
