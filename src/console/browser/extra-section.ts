/** A section that a mode adds to the page: made once, and drawn with what its `data()` says, once a second. */
export interface ExtraSection {
  prepare(section: HTMLElement): void;
  draw(data: unknown): void;
}
