/** The page's look. Its text is hashed into the page's policy, so it must not be changed on the way out. */
export const PAGE_STYLE = `
:root {
  --ground: #f4f5f2; --card: #fff; --line: #dfe2dc; --text: #1d2320; --soft: #626b66;
  --accent: #2f7d5b; --accent-soft: #d5e8de; --warn: #96620a; --bad: #b3261e;
  --done: #2f7d5b; --retry: #d29922; --reject: #c4453a; --defer: #6a7fc1; --interrupted: #98a19c; --leaseLost: #8a4fa8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121513; --card: #1b1f1d; --line: #2d3330; --text: #e6eae7; --soft: #98a39d;
    --accent: #58b88c; --accent-soft: #24382f; --warn: #e0ac4c; --bad: #f2867c;
    --done: #4aa67c; --retry: #d6a33e; --reject: #e0695e; --defer: #8c9fdd; --interrupted: #7b8580; --leaseLost: #b583cf;
  }
}
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
body {
  background: var(--ground); color: var(--text); padding: 20px clamp(12px, 3vw, 32px) 40px;
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  max-width: 1280px; margin-inline: auto; font-variant-numeric: tabular-nums;
}
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; margin-bottom: 16px; }
h1 { font-size: 18px; letter-spacing: -0.01em; }
h2 { font-size: 13px; font-weight: 600; color: var(--soft); }
h2 small { font-weight: 400; font-size: 12px; }
.queue { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.state { border-radius: 99px; padding: 1px 10px; background: var(--accent-soft); color: var(--accent); font-weight: 600; }
.state::before { content: "● "; font-size: 10px; vertical-align: 1px; }
.state[data-tone="warn"] { background: none; box-shadow: inset 0 0 0 1px currentColor; color: var(--warn); }
.state[data-tone="bad"] { background: none; box-shadow: inset 0 0 0 1px currentColor; color: var(--bad); }
.since { color: var(--soft); margin-left: auto; }
.alerts p {
  border-left: 4px solid var(--bad); background: var(--card); padding: 8px 12px; border-radius: 4px; margin-bottom: 10px;
  overflow-wrap: anywhere;
}
main { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 12px; }
.card {
  grid-column: span 2; min-width: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px; display: flex; flex-direction: column;
}
#events { grid-column: 1 / -1; }
.figure { font-size: 30px; line-height: 1.2; font-weight: 600; letter-spacing: -0.02em; margin-top: 2px; }
.figure small { font-size: 15px; font-weight: 400; color: var(--soft); letter-spacing: 0; }
.note { color: var(--soft); }
.note b { color: var(--bad); font-weight: 600; }
.cells { display: flex; flex-wrap: wrap; gap: 3px; margin-top: 10px; min-height: 12px; }
.cells i { flex: 1 1 6px; height: 12px; border-radius: 3px; background: var(--accent-soft); }
.cells i.on { background: var(--accent); }
.cells.bar { gap: 0; background: var(--accent-soft); border-radius: 3px; }
.cells.bar i { flex: none; background: var(--accent); }
figure { margin-top: auto; padding-top: 12px; }
svg { display: block; width: 100%; height: 44px; overflow: visible; border-bottom: 1px solid var(--line); }
svg .area { fill: var(--accent-soft); }
svg .line { fill: none; stroke: var(--accent); stroke-width: 1.5; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
figcaption { display: flex; justify-content: space-between; font-size: 11px; color: var(--soft); padding-top: 3px; }
table { border-collapse: collapse; width: 100%; margin-top: 4px; }
th { font-weight: 400; color: var(--soft); text-align: left; padding: 4px 0; }
thead th:not(:first-child), td { text-align: right; }
td { font-size: 20px; font-weight: 600; letter-spacing: -0.01em; padding: 2px 0; white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
.shares { display: flex; height: 8px; border-radius: 4px; overflow: hidden; background: var(--line); margin: 10px 0 8px; gap: 1px; }
dl { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 20px; }
#troubles dl { margin-top: 6px; }
dl div { display: flex; justify-content: space-between; gap: 8px; padding: 2px 0; }
dt { color: var(--soft); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
dt i { display: inline-block; width: 8px; height: 8px; border-radius: 2px; margin-right: 6px; }
dd { font-weight: 600; }
dd.zero { color: var(--soft); font-weight: 400; }
dd.bad { color: var(--bad); }
ol { list-style: none; padding: 0; margin-top: 6px; max-height: 46vh; overflow-y: auto; scrollbar-width: thin; }
ol li {
  display: grid; grid-template-columns: 62px 12px minmax(150px, 18%) minmax(0, 1fr) 264px; gap: 0 10px; padding: 5px 0;
  border-top: 1px solid var(--line); align-items: baseline;
}
ol li:first-child { border-top: 0; }
ol time, ol .id, ol .try { color: var(--soft); }
ol .mark::before { content: "·"; color: var(--soft); font-weight: 700; }
ol .mark[data-level="warn"]::before { content: "▲"; color: var(--warn); font-size: 9px; }
ol .mark[data-level="error"]::before { content: "■"; color: var(--bad); font-size: 10px; }
ol .detail, ol .what { overflow-wrap: anywhere; }
ol .what.alone { grid-column: 3 / 5; }
ol .id { grid-column: 5; }
ol .id { overflow-wrap: anywhere; font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px; }
.empty { color: var(--soft); margin-top: 6px; }
body.lost main { opacity: 0.45; }
@media (max-width: 900px) {
  .card { grid-column: span 3; }
  #busy, #times { grid-column: 1 / -1; }
  ol li { grid-template-columns: 62px 12px minmax(0, 1fr); }
  ol .what.alone, ol .detail, ol .id { grid-column: 3; }
}
@media (max-width: 560px) {
  .card { grid-column: 1 / -1; }
  #handled, #waiting { grid-column: span 3; padding-inline: 12px; }
  .since { margin-left: 0; }
  ol { max-height: none; }
}
`;
