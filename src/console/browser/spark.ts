const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 16;

/** A bar for each value, oldest first, `most` being the height of the plot; `isOdd` ones stand out. */
export function spark(
  values: readonly number[],
  most: number,
  label: string,
  isOdd: (index: number) => boolean = () => false,
): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${values.length} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  values.forEach((value, index) => {
    if (value === 0 && !isOdd(index)) return;
    const bar = document.createElementNS(SVG, "rect");
    const height = Math.min(HEIGHT, Math.max(1, (value / most) * HEIGHT));
    for (const [name, at] of Object.entries({ x: index, y: HEIGHT - height, width: 0.8, height })) {
      bar.setAttribute(name, String(at));
    }
    if (isOdd(index)) bar.setAttribute("class", "odd");
    svg.append(bar);
  });
  return svg;
}
