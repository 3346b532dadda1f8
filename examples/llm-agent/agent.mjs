// An agent on a language model: for a conversation, {"id": "chat-42", "prompt": "..."}, or a document in S3; see README.md
// beside it. BUDGETS="model=600/min*8, model.tokens=200000/min" is what the whole fleet may take of the model's provider.
import { defineHandler } from "queuehand";
import { Buckets } from "./buckets.mjs";
import { converse } from "./conversation.mjs";
import { answerBeside, isDocument, opened } from "./documents.mjs";
import { taskIn, tokensAtFirst } from "./events.mjs";
import { reply } from "./reply.mjs";
import { Saved } from "./saved.mjs";
import { Spent } from "./spent.mjs";

async function handle({ body: { id, prompt, documents } }, context) {
  const spent = new Spent(context);
  const buckets = new Buckets(context);
  const begin = (about, opening, deliver) => {
    const saved = new Saved([about, opening], buckets);
    return converse({ id: about, opening, saved, deliver }, context, spent);
  };
  try {
    if (prompt) {
      await begin(id, [{ role: "user", content: prompt }], (answer) => reply(id, answer, context));
      return;
    }
    for (const document of documents.filter(isDocument)) {
      const opening = await opened(document, buckets);
      if (opening) await begin(document.id, opening, (answer) => answerBeside(document, answer, buckets));
      else context.log.info({ document: document.id }, "nothing to answer");
    }
  } finally {
    spent.tell();
    buckets.close();
  }
}

export default defineHandler({ decode: taskIn, uses: { model: 1, "model.tokens": tokensAtFirst }, handle });
