/** Finds what the page's markup is known to have. */
export function find<Kind extends Element = HTMLElement>(selector: string, inside: ParentNode = document): Kind {
  const found = inside.querySelector<Kind>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Text goes into text nodes alone, never into markup: what a message says stays text. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = "",
  ...parts: (string | Node)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...parts);
  return element;
}

/** Writes what stands where `data-is` has this name, and touches nothing where it is the same already. */
export function put(name: string, ...parts: (string | Node)[]): void {
  const place = find(`[data-is="${name}"]`);
  if (parts.length === 1 && typeof parts[0] === "string") {
    if (place.textContent !== parts[0]) place.textContent = parts[0];
  } else place.replaceChildren(...parts);
}

/** A button that looks like what it stands in. */
export function button(text: string, title: string, act: () => void): HTMLButtonElement {
  const made = make("button", "", text);
  made.type = "button";
  made.title = title;
  made.addEventListener("click", act);
  return made;
}

/** A row of a table. */
export function row(cells: readonly (string | Node)[], className = ""): HTMLTableRowElement {
  return make("tr", className, ...cells.map((cell) => make("td", "", cell)));
}

/** Puts rows into a table's body; each cell knows what its column is called, for screens on which a row is a block. */
export function fill(table: string, rows: readonly HTMLTableRowElement[]): void {
  const names = [...document.querySelectorAll(`${table} thead th`)].map(({ textContent }) => textContent);
  for (const { cells } of rows) {
    for (const [index, cell] of [...cells].entries()) cell.dataset.label = names[index] ?? "";
  }
  find(`${table} tbody`).replaceChildren(...rows);
}

/** What was asked for, or an Error with the answer's own words. */
export async function ask<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(90_000), ...init });
  const answer = (await response.json().catch(() => undefined)) as { error?: string } | undefined;
  if (!response.ok) throw new Error(answer?.error ?? `HTTP ${response.status}`);
  return answer as Answer;
}
