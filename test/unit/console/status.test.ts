import { describe, expect, test } from "@jest/globals";
import { StatusBlock } from "../../../src/console/status-block.js";
import { type StatusView, statusLine, statusLines } from "../../../src/console/status-lines.js";

const VIEW: StatusView = {
  worker: {
    state: "running",
    slots: 10,
    busy: 6,
    buffered: 2,
    openPolls: 1,
    settling: 0,
    meanAgentSeconds: 0.2,
    lastReceiveOkAt: 1,
  },
  waiting: 12,
  deadLetters: 4,
  handledPerSecond: 23.44,
  inQueueMs: { p50: 12.3, p99: 1_310 },
  outcomes: { done: 245, retry: 12, reject: 3, defer: 0, interrupted: 0, leaseLost: 0 },
};

/** A terminal as far as the block uses one: lines, a cursor at the start of the last one, up-and-clear. */
class Terminal {
  readonly isTTY = true;
  columns = 60;
  readonly lines: string[] = [""];
  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own codes
    for (const piece of text.replace(/\u001B\[\?7[lh]/g, "").split(/(\u001B\[1A\u001B\[2K|\n)/)) {
      if (piece === "\n") this.lines.push("");
      else if (piece.startsWith("\u001B[1A")) {
        this.lines.pop();
        this.lines[this.lines.length - 1] = "";
      } else this.lines[this.lines.length - 1] += piece;
    }
  }
}

describe("The status", () => {
  test("tells waiting, busy slots, rate, time in queue, outcomes and dead letters", () => {
    expect(statusLines(VIEW, (_, text) => text)).toEqual([
      "waiting 14   busy ██████░░░░ 6/10   handled 23.4/s   in queue p50 12 ms, p99 1.3 s",
      "done 245   retries 12   rejected 3   dead letters 4",
    ]);
    expect(statusLine(VIEW)).toBe(
      "waiting 14   busy 6/10   handled 23.4/s   in queue p50 12 ms, p99 1.3 s   done 245   retries 12   rejected 3   dead letters 4",
    );
  });

  test("tells how many of a limited number have ended, and what it doesn't know", () => {
    const line = statusLine({ ...VIEW, waiting: undefined, deadLetters: undefined, progress: { ended: 7, of: 50 } });
    expect(line).toMatch(/^ended 7\/50 {3}waiting \? .*dead letters \?$/);
  });

  test("fits a thousand slots into its bar, and shows one busy slot", () => {
    const [first] = statusLines({ ...VIEW, worker: { ...VIEW.worker, slots: 1_000, busy: 1 } }, (_, text) => text);
    expect(first).toContain(`busy █${"░".repeat(19)} 1/1000`);
  });
});

describe("The block of a terminal", () => {
  test("stays below what is printed, and is redrawn in place", () => {
    const terminal = new Terminal();
    const block = new StatusBlock(terminal);
    block.print("first");
    block.show(["one", "two"]);
    block.print("second\nthird");
    block.show(["ONE", "TWO", "THREE"]);
    expect(terminal.lines).toEqual(["first", "second", "third", "ONE", "TWO", "THREE", ""]);
    block.show([]);
    block.print("last");
    expect(terminal.lines).toEqual(["first", "second", "third", "last", ""]);
  });

  test("cuts a line that is wider than the terminal", () => {
    const terminal = new Terminal();
    terminal.columns = 10;
    new StatusBlock(terminal).show(["0123456789", "0123456789A"]);
    expect(terminal.lines).toEqual(["0123456789", "012345678…", ""]);
  });

  test("is never shown, nor coloured, where there is no terminal", () => {
    let written = "";
    const block = new StatusBlock({
      write(text: string) {
        written += text;
      },
    });
    block.show(["status"]);
    block.print(block.paint("red", "line"));
    expect(written).toBe("line\n");
  });
});
