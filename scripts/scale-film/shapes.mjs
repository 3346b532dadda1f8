/** Where values lie in a panel, from 0 at its bottom to the most at its top. */
export function scaleOf(points, top, height) {
  const most = Math.max(1, ...points.map(([, value]) => value));
  return { most, y: (value) => top + height - (value / most) * height };
}

const at = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;

export const lineOf = (points, name) => `<path class="${name}" d="M${points.map(at).join("L")}"/>`;

/** Filled down to `bottom`. */
export const areaOf = (points, bottom, name) =>
  `<path class="${name}" d="M${points[0][0].toFixed(1)} ${bottom}L${points.map(at).join("L")}L${points.at(-1)[0].toFixed(1)} ${bottom}Z"/>`;

/** Level until the next point. */
export function stepsOf(points, name) {
  const path = points.map(([x, y], place) => (place === 0 ? `M${at([x, y])}` : `H${x.toFixed(1)}V${y.toFixed(1)}`));
  return `<path class="${name}" d="${path.join("")}"/>`;
}

export const text = ([x, y], name, words) =>
  `<text class="${name}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${words.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)}</text>`;
