import { expect, jest, test } from "@jest/globals";
import { reportFailure } from "../../../src/cli/failure.js";
import { TableError } from "../../../src/pipeline/ports/idempotency.js";
import { ODD_THROWS } from "../../support/odd-throws.js";

test("A table that can't be used is told of by the setting that names it", () => {
  const stdout = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const error = new TableError("unusable", "check in the idempotency table keys: ResourceNotFoundException: none");
  try {
    expect(reportFailure("run", error, true)).toBe(78);
    expect(JSON.parse(String(stdout.mock.calls[0]![0]))).toEqual({
      error: "settings",
      exitCode: 78,
      faults: ["IDEMPOTENCY_TABLE: check in the idempotency table keys: ResourceNotFoundException: none"],
    });
  } finally {
    stdout.mockRestore();
  }
});

test.each(Object.keys(ODD_THROWS))("Whatever ends a command is told of in words: %s", (name) => {
  const stderr = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    expect(reportFailure("run", ODD_THROWS[name]!(), false)).toBe(1);
    expect(stderr.mock.calls).toEqual([[expect.stringMatching(/^queuehand run: /)]]);
  } finally {
    stderr.mockRestore();
  }
});
