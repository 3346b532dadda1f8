import { make } from "./dom.js";
import { count } from "./words.js";

/** A figure with its name, in a list of such; `help` is its sentence. */
export function entry(title: string, help: string, value: number | string, color = "", bad = false): HTMLElement {
  const term = make("dt", "", title);
  term.title = help;
  if (color) {
    const square = make("i");
    square.style.background = color;
    term.prepend(square);
  }
  const zero = value === 0 || value === "–";
  return make(
    "div",
    "",
    term,
    make("dd", zero ? "zero" : bad ? "bad" : "", typeof value === "number" ? count(value) : value),
  );
}
