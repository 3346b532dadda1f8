import { describe, expect, test } from "@jest/globals";
import { svgChart } from "../../../../src/cli/simulate/svg-chart.js";

const line = (label: string, most: number) => ({
  label,
  color: "#000",
  points: [
    [0, 0],
    [60, most],
  ] as const,
});

/** The highest figure of the axis. */
const topOf = (svg: string) =>
  Math.max(...[...svg.matchAll(/text-anchor="end" >([\d.]+)</g)].map(([, figure]) => Number(figure)));

describe("a chart", () => {
  test("is about its first line: what goes far beyond it leaves at the top, and the legend says up to where", () => {
    const svg = svgChart("Tasks", "running", [line("ours", 100), line("theirs", 5_000)]);
    expect(topOf(svg)).toBeLessThan(500);
    expect(svg).toContain(">theirs (up to 5000)<");
    expect(svg).toContain('clip-path="url(#inside-tasks)"');
  });

  test("has room for others that are no more than somewhat higher", () => {
    const svg = svgChart("Tasks", "running", [line("ours", 100), line("theirs", 200)]);
    expect(topOf(svg)).toBe(200);
    expect(svg).not.toContain("up to");
  });

  test("shows the others in full where the first line is at nought", () => {
    expect(topOf(svgChart("Wait", "seconds", [line("ours", 0), line("theirs", 400)]))).toBe(400);
  });
});
