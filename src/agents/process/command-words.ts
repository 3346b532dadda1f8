/**
 * The words of a command line, split as a shell would: at blanks, with '...' taken as it is, "..." with \" and \\ in it,
 * and \ before any other character. Nothing is expanded: no $, no *, no ~, no `, and no shell sees it.
 * @throws SyntaxError when a quote isn't closed, or the line ends in a backslash.
 */
export function commandWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!;
    if (character === "\\" && quote !== "'") {
      const next = line[++index];
      if (next === undefined) throw new SyntaxError("ends in a backslash");
      word = (word ?? "") + (quote === '"' && !'"\\'.includes(next) ? `\\${next}` : next);
    } else if (quote) {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote) throw new SyntaxError(`has a ${quote} that isn't closed`);
  if (word !== undefined) words.push(word);
  return words;
}
