// What the model may use. A tool that fails tells the model why: that is part of the conversation, not of the queue.
// A turn whose worker was killed is asked for again, its tools too: one with an effect needs a key of its own.
const TOOL = {
  count_words: {
    description: "Counts the words of a text.",
    parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    use: ({ text }) => {
      if (typeof text !== "string") throw new Error("count_words takes a text");
      return { words: text.split(/\s+/).filter(Boolean).length };
    },
  },
  today: {
    description: "The date of today, in UTC.",
    parameters: { type: "object", properties: {} },
    use: () => ({ date: new Date().toISOString().slice(0, 10) }),
  },
};

export const TOOLS = Object.entries(TOOL).map(([name, { description, parameters }]) => ({
  type: "function",
  function: { name, description, parameters },
}));

/** @param call as the model wrote it: its name may be no tool's, its arguments no JSON. */
export async function useTool(call) {
  try {
    const { name, arguments: given } = call ?? {};
    if (!Object.hasOwn(TOOL, name)) throw new Error(`there is no tool ${name}`);
    return JSON.stringify(await TOOL[name].use(JSON.parse(given || "{}") ?? {}));
  } catch (error) {
    return JSON.stringify({ error: error.message });
  }
}
