import { find, make } from "./dom.js";

/** Words that have a sentence: headings, columns, and names of figures. */
const EXPLAINED = "h2[title], h3[title], th[title], dt[title], label[title], .outcome[title]";

/** Puts all that pointing at a word would show into one list, for keyboards, fingers and readers. */
export function prepareGlossary(): void {
  const details = find<HTMLDetailsElement>("#words details");
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    const sentences = new Map<string, string>();
    for (const word of document.querySelectorAll<HTMLElement>(EXPLAINED)) {
      const name = (word.firstChild?.textContent || word.textContent || "").trim();
      if (name !== "" && !word.closest("#words")) sentences.set(name, word.title);
    }
    const rows = [...sentences].map(([name, sentence]) =>
      make("div", "", make("dt", "", name), make("dd", "", sentence)),
    );
    find("dl", details).replaceChildren(...rows);
  });
}
