import type { ErrorGroups, MessageDetail, MessageState, Messages, MessageView, Stage } from "../api-messages.js";
import { ask, button, fill, find, make, put, row } from "./dom.js";
import { count, duration, exactTime, KINDS, STATES } from "./words.js";

const TYPING_MS = 250;

let asked = "";
let form: HTMLFormElement;

/** Makes the filter work. */
export function prepareMessages(): void {
  form = find<HTMLFormElement>("#filter");
  const outcome = find<HTMLSelectElement>("[name=outcome]", form);
  for (const [state, [word]] of Object.entries(STATES)) outcome.append(new Option(word, state));
  let typing = 0;
  form.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => void loadMessages(), TYPING_MS);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => void loadMessages()));
}

/** The errors there are to be filtered by. */
export function nameErrors({ groups }: ErrorGroups): void {
  const select = find<HTMLSelectElement>("[name=error]", form);
  if (document.activeElement === select) return;
  const chosen = select.value;
  const options = groups.map(({ id, kind, error }) => new Option(`${KINDS[kind]}: ${error}`.slice(0, 80), id));
  select.replaceChildren(new Option("any", ""), ...options);
  select.value = groups.some(({ id }) => id === chosen) ? chosen : "";
}

/** Shows the messages of an error alone. */
export function filterByError(id: string): void {
  form.reset();
  find<HTMLSelectElement>("[name=error]", form).value = id;
  void loadMessages();
  find("#messages").scrollIntoView();
}

export async function loadMessages(): Promise<void> {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") query.set(name, String(value));
  asked = query.toString();
  const wanted = asked;
  try {
    const messages = await ask<Messages>(`/api/messages?${wanted}`);
    if (wanted === asked) draw(messages);
  } catch (error) {
    put("messages-note", (error as Error).message);
  }
}

function draw({ kept, matching, messages }: Messages): void {
  const note =
    messages.length < matching
      ? `${count(matching)} of ${count(kept)} match; the newest ${count(messages.length)} are listed`
      : `${count(matching)} of ${count(kept)} match`;
  put(
    "messages-note",
    asked === "" ? `${count(kept)} ended and kept; the newest ${count(messages.length)} are listed` : note,
  );
  put("messages-empty", messages.length === 0 ? (kept === 0 ? "No message has come yet." : "No message matches.") : "");
  find("#message-list").hidden = messages.length === 0;
  const focused = (document.activeElement?.closest("#message-list tr") as HTMLElement | null)?.dataset.message;
  fill("#message-list", messages.map(messageRow));
  if (!focused) return;
  document.querySelector<HTMLElement>(`#message-list tr[data-message="${CSS.escape(focused)}"] button`)?.focus();
}

function messageRow(message: MessageView): HTMLTableRowElement {
  const { messageId, state, at, receiveCount, inQueueMs, agentMs, error, groupId } = message;
  const open = button(messageId, "Show its stages", () => void openMessage(messageId));
  open.className = "id";
  const id = groupId === undefined ? [open] : [open, make("small", "", ` group ${groupId}`)];
  const made = row([
    exactTime(at),
    stateOf(state, message.waitsFor),
    make("span", "", ...id),
    receiveCount > 1 ? String(receiveCount) : "",
    inQueueMs === undefined ? "–" : duration(inQueueMs),
    agentMs === undefined ? "–" : duration(agentMs),
    make("span", "error", error ?? ""),
  ]);
  made.dataset.message = messageId;
  return made;
}

function stateOf(state: MessageState, waitsFor: readonly string[] = []): HTMLElement {
  const [word, help] = STATES[state];
  const made = make("span", "outcome", waitsFor.length > 0 ? `${word} for ${waitsFor.join(", ")}` : word);
  made.dataset.state = state;
  made.title = help;
  return made;
}

const STAGES: Readonly<Record<Stage["name"], string>> = {
  sent: "The producer sent it.",
  received: "It came into this worker's hands, under a lease.",
  buffered: "It began to wait for a free slot.",
  started: "Its agent began.",
  extended: "Its lease was extended, so that the queue hides it for longer.",
  ended: "Its agent ended, and its slot was free.",
  settled: "Its outcome was carried out on the queue.",
  released: "It was made visible again.",
};

async function openMessage(id: string): Promise<void> {
  try {
    const message = await ask<MessageDetail>(`/api/messages/${encodeURIComponent(id)}`);
    openDialog(`Message ${id}`, detailOf(message));
  } catch (error) {
    openDialog(`Message ${id}`, [make("p", "", (error as Error).message)]);
  }
}

/** Shows something over the page; Escape and the button close it. */
export function openDialog(title: string, parts: readonly Node[]): void {
  const dialog = find<HTMLDialogElement>("#opened");
  find("#opened-title").textContent = title;
  find(".opened", dialog).replaceChildren(...parts);
  if (!dialog.open) dialog.showModal();
}

function detailOf(message: MessageDetail): Node[] {
  const { state, receiveCount, runs, certain, deadLetter, groupId, traceId, notes, error, stack, body } = message;
  const facts: [string, string][] = [
    ["outcome", certain === false ? `${STATES[state][0]}, not for sure: it may come again` : STATES[state][0]],
    ["receive", `${receiveCount}${runs > 1 ? `, ${runs} runs under this lease` : ""}`],
    ...(deadLetter ? [["dead letter", deadLetter] as [string, string]] : []),
    ...(groupId === undefined ? [] : [["group", groupId] as [string, string]]),
    ...(traceId === undefined ? [] : [["trace", traceId] as [string, string]]),
  ];
  const list = make(
    "dl",
    "one",
    ...facts.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value))),
  );
  return [
    list,
    stagesOf(message.stages),
    ...(error === undefined ? [] : [make("h3", "", "Error"), make("p", "error", error)]),
    ...(stack === undefined ? [] : [make("pre", "", stack)]),
    ...(notes.length === 0 ? [] : [make("h3", "", "Progress")]),
    ...notes.map(({ at, note }) => make("p", "", make("time", "", exactTime(at)), ` ${note}`)),
    ...(body === undefined ? [] : [make("h3", "", "Body"), make("pre", "", body)]),
  ];
}

function stagesOf(stages: readonly Stage[]): HTMLElement {
  const rows = stages.map(({ name, at, note }, index) => {
    const since = index === 0 ? "" : `+${duration(Math.max(0, at - stages[index - 1]!.at))}`;
    const what = make("span", "", name, ...(note === undefined ? [] : [make("small", "", ` ${note}`)]));
    what.title = STAGES[name];
    return row([what, exactTime(at), since]);
  });
  const head = make(
    "tr",
    "",
    ...["stage", "when", "after"].map((name) => {
      const cell = make("th", "", name);
      cell.scope = "col";
      return cell;
    }),
  );
  return make("table", "list stages", make("thead", "", head), make("tbody", "", ...rows));
}
