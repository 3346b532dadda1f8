// A conversation with the model, turn by turn. It is saved after each, so that whoever works on it next goes on there.
import { Reject } from "queuehand";
import { askModel, costOf } from "./model.mjs";
import { TOOLS, useTool } from "./tools.mjs";

const TURNS_MAX = Number(process.env.TURNS_MAX || 8);

/**
 * Asks until the model has answered, hands the answer to `deliver`, and forgets the conversation; a line in the log says
 * what it cost, also where it ends without an answer.
 */
export async function converse({ id, opening, saved, deliver }, { log, signal, checkpoint }, spent) {
  const state = (await saved.read()) ?? { messages: opening, turns: 0, input: 0, output: 0 };
  const before = costOf(state);
  checkpoint(() => saved.write(state));
  let answered = false;
  try {
    while (!isAnswer(state.messages.at(-1))) {
      if (state.turns >= TURNS_MAX) throw new Reject(`no answer after ${TURNS_MAX} turns`);
      await turn(state, signal, spent);
      await saved.write(state);
    }
    await deliver(state.messages.at(-1).content);
    answered = true;
    await saved.remove();
  } finally {
    const { turns, input, output } = state;
    const total = costOf(state);
    const usd = Number((total - before).toFixed(6));
    const cost = { conversation: id, turns, inputTokens: input, outputTokens: output, usd, usdOfAllRuns: total };
    log.info(cost, answered ? "answered" : "not answered");
  }
}

/** An answer that was saved and perhaps not delivered is one too: nothing is asked again. */
const isAnswer = ({ role, tool_calls: calls }) => role === "assistant" && !calls?.length;

async function turn(state, signal, spent) {
  await spent.beforeCall();
  const { message, cut, ...tokens } = await askModel(state.messages, TOOLS, signal);
  spent.afterCall(tokens);
  state.turns++;
  state.input += tokens.input;
  state.output += tokens.output;
  if (cut) throw new Reject(`the model's answer ${cut}, after ${tokens.output} tokens`);
  if (!message.tool_calls?.length && !message.content) throw new Error("the model said nothing");
  const results = [];
  for (const call of message.tool_calls ?? []) {
    results.push({ role: "tool", tool_call_id: call.id, content: await useTool(call.function) });
  }
  // At once: a call without its result would be refused by the model, were it saved so.
  state.messages.push(message, ...results);
}
