import type { Permissions } from "../api.js";
import type { DeadLetterLook, LetterChoice, LetterEnd, LetterGroupView, LetterView } from "../api-letters.js";
import { ask, button, fill, find, make, put, row } from "./dom.js";
import { openDialog } from "./messages.js";
import { ago, count } from "./words.js";

const PATH = "/api/dead-letters";

let may: Permissions = { look: false, act: "no" };

/** Shows the section where dead letters can be looked at, and only what may be done to them. */
export function prepareLetters(permissions: Permissions): void {
  may = permissions;
  find("#dead-letters").hidden = !may.look;
  find('nav a[href="#dead-letters"]').hidden = !may.look;
  find("#token").hidden = may.act !== "token";
}

/** To be called once. */
export function listenForLetters(): void {
  find('[data-do="look"]').addEventListener("click", () => void look());
  find('[data-do="redrive-all"]').addEventListener("click", () => confirmed("Send all of them back?", { all: true }));
}

/** What somebody has found before. */
export async function loadLetters(): Promise<void> {
  if (may.look) draw(await ask<DeadLetterLook>(PATH, { headers: token() }));
}

async function look(): Promise<void> {
  put("letters-note", "looking…");
  try {
    draw(await post<DeadLetterLook>("look", {}));
  } catch (error) {
    put("letters-note", (error as Error).message);
  }
}

async function act(action: "redrive" | "delete" | "edit", given: object): Promise<void> {
  put("letters-note", "at work…");
  try {
    const { done, left } = await post<LetterEnd>(action, given);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await look();
    const what = { redrive: "sent back", delete: "deleted", edit: "sent back, edited" }[action];
    const rest = left.map(({ id, reason }) => `${id} ${reason}`.trim());
    put("letters-note", [`${count(done)} ${what}`, ...rest].join("; "));
  } catch (error) {
    put("letters-note", (error as Error).message);
  }
}

function post<Answer>(action: string, given: object): Promise<Answer> {
  const headers = { "content-type": "application/json", ...token() };
  return ask<Answer>(`${PATH}/${action}`, { method: "POST", headers, body: JSON.stringify(given) });
}

function token(): Record<string, string> {
  const { value } = find<HTMLInputElement>("#token input");
  return may.act === "token" && value ? { authorization: `Bearer ${value}` } : {};
}

function draw(found: DeadLetterLook): void {
  const { at, looking, trouble, seen, groups, letters } = found;
  const parts = [
    looking ? "looking…" : at === undefined ? "Nobody has looked yet." : `${count(seen)} found ${ago(at, Date.now())}`,
    ...(trouble === undefined ? [] : [trouble]),
  ];
  put("letters-note", parts.join("; "));
  find('[data-do="redrive-all"]').hidden = may.act === "no" || seen === 0;
  const now = Date.now();
  table(
    "#letter-groups",
    ["count", "reason", "agent's error", "oldest", "newest", ""],
    groups.map((group) => groupRow(group, now)),
  );
  table(
    "#letter-list",
    ["message", "reason", "error", "sent", ""],
    letters.map((letter) => letterRow(letter, now)),
  );
}

function table(id: string, names: readonly string[], rows: readonly HTMLTableRowElement[]): void {
  const place = find(id);
  place.hidden = rows.length === 0;
  place.querySelector("thead")?.remove();
  const heads = names.map((name) => {
    const head = make("th", "", name === "" ? make("span", "unseen", "do") : name);
    head.scope = "col";
    return head;
  });
  place.insertBefore(make("thead", "", make("tr", "", ...heads)), find("tbody", place));
  fill(id, rows);
}

function groupRow({ count: times, reason, error, oldest, newest }: LetterGroupView, now: number): HTMLTableRowElement {
  const group = { reason, ...(error !== undefined && { error }) };
  const doing =
    may.act === "no"
      ? []
      : [
          button("send back", "Send all of this group back to their queue", () =>
            confirmed(`Send ${count(times)} back?`, { group }),
          ),
          button("delete", "Delete all of this group for good", () =>
            confirmed(`Delete ${count(times)} for good?`, { group }, "delete"),
          ),
        ];
  return row([
    count(times),
    reason,
    make("span", "error", error ?? "–"),
    oldest === undefined ? "–" : ago(oldest, now),
    newest === undefined ? "–" : ago(newest, now),
    make("span", "doing", ...doing),
  ]);
}

function letterRow(letter: LetterView, now: number): HTMLTableRowElement {
  const open = button(letter.id, "Show this letter", () => openLetter(letter));
  open.className = "id";
  const ids = [letter.id];
  const back = button("send back", "Send it back to its queue", () => void act("redrive", { ids }));
  back.setAttribute("aria-label", `send back ${letter.id}`);
  const made = row([
    open,
    letter.reason,
    make("span", "error", letter.error ?? "–"),
    letter.sentAt === undefined ? "–" : ago(letter.sentAt, now),
    make("span", "doing", ...(may.act === "no" ? [] : [back])),
  ]);
  made.dataset.letter = letter.id;
  return made;
}

function openLetter(letter: LetterView): void {
  const { id, originalId, reason, error, receivesBefore, sentAt, groupId, attributes, body, bodyCut } = letter;
  const facts: [string, string | undefined][] = [
    ["reason", reason],
    ["last error", error],
    ["receives", receivesBefore === undefined ? undefined : `${receivesBefore} until then`],
    ["sent", sentAt === undefined ? undefined : new Date(sentAt).toISOString()],
    ["id at first", originalId === id ? undefined : originalId],
    ["group", groupId],
    ...Object.entries(attributes),
  ];
  const list = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [make("div", "", make("dt", "", name), make("dd", "error", value))],
  );
  openDialog(`Dead letter ${id}`, [make("dl", "one", ...list), ...bodyOf(letter, body, bodyCut), ...doings(id)]);
}

function bodyOf({ id }: LetterView, body: string | undefined, cut: true | undefined): Node[] {
  if (body === undefined) {
    return [make("p", "note", "Its body isn't shown here: LOG_BODIES or the token would show it; dlq show does.")];
  }
  if (may.act === "no" || cut) {
    return [make("h3", "", cut ? "Body, not as it is: dlq redrive --edit mends it" : "Body"), make("pre", "", body)];
  }
  const text = make("textarea");
  text.value = body;
  text.rows = 8;
  text.setAttribute("aria-label", "Body");
  const send = button("send back with this body", "Send it back, mended", () => {
    find<HTMLDialogElement>("#opened").close();
    void act("edit", { id, body: text.value });
  });
  return [make("h3", "", "Body"), text, make("p", "buttons", send)];
}

function doings(id: string): Node[] {
  if (may.act === "no") return [];
  const ids = [id];
  const close = () => find<HTMLDialogElement>("#opened").close();
  return [
    make(
      "p",
      "buttons",
      button("send back", "Send it back as it is", () => {
        close();
        void act("redrive", { ids });
      }),
      button("delete", "Delete it for good", () => confirmed("Delete it for good?", { ids }, "delete")),
    ),
  ];
}

/** What can't be undone is asked for once more. */
function confirmed(question: string, choice: LetterChoice, action: "redrive" | "delete" = "redrive"): void {
  const dialog = find<HTMLDialogElement>("#opened");
  const yes = button("yes", question, () => {
    dialog.close();
    void act(action, choice);
  });
  openDialog(question, [
    make(
      "p",
      "buttons",
      yes,
      button("no", "Leave them", () => dialog.close()),
    ),
  ]);
  yes.focus();
}
