import { describe, expect, test } from "@jest/globals";
import { targetsOf } from "../../../../src/cli/console/targets.js";

describe("--targets", () => {
  test("names pages, and all addresses of a name", async () => {
    const [page, name] = targetsOf("http://10.0.0.1:8081, dns:localhost:9000", 8080);
    expect(await page!()).toEqual(["http://10.0.0.1:8081"]);
    expect(await name!()).toContain("http://127.0.0.1:9000");
    expect(await targetsOf("dns:localhost", 8080)[0]!()).toContain("http://127.0.0.1:8080");
  });

  test.each([
    ["", "--targets has an empty part"],
    ["http://a,,http://b", "--targets has an empty part"],
    ["localhost:8080", 'got "localhost:8080"'],
    ["http://a/path", 'got "http://a/path"'],
    ["ecs:cluster", "must be followed by CLUSTER/SERVICE"],
    ["ecs:a/b/c", "must be followed by CLUSTER/SERVICE"],
  ])("refuses %j", (given, words) => {
    expect(() => targetsOf(given, 8080)).toThrow(words);
  });
});
