// Any endpoint that speaks as OpenAI's does: MODEL_URL ends before /chat/completions.
import { busyIf, Reject } from "queuehand";

const { MODEL_URL = "http://127.0.0.1:11434/v1", MODEL_NAME = "llama3.2", MODEL_KEY = "" } = process.env;
/** US dollars for a million tokens. */
const { USD_IN = "0", USD_OUT = "0" } = process.env;
const MILLION = 1e6;

/** One turn: what the model says, and how many tokens that took. */
export async function askModel(messages, tools, signal) {
  const headers = { "content-type": "application/json", ...(MODEL_KEY && { authorization: `Bearer ${MODEL_KEY}` }) };
  const body = JSON.stringify({ model: MODEL_NAME, messages, tools });
  const answer = busyIf(
    "model",
    await fetch(`${MODEL_URL}/chat/completions`, { method: "POST", headers, body, signal }),
  );
  const text = await answer.text();
  if (answer.status === 400 || answer.status === 422)
    throw new Reject(`the model refused the conversation: ${text.slice(0, 200)}`);
  if (!answer.ok) throw new Error(`the model answered ${answer.status}: ${text.slice(0, 200)}`);
  const { choices, usage } = JSON.parse(text);
  return { message: choices[0].message, usage };
}

export function costOf(input, output) {
  return Number(((input * Number(USD_IN) + output * Number(USD_OUT)) / MILLION).toFixed(6));
}
