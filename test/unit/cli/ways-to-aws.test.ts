import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkWaysToAws } from "../../../src/cli/ways-to-aws.js";
import { environment } from "../../support/environment.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-ways-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function profile(text: string): Promise<Disposable> {
  await writeFile(join(folder, "config"), text);
  return environment({ AWS_CONFIG_FILE: join(folder, "config"), HOME: folder });
}

describe("a command that calls AWS", () => {
  test("refuses an endpoint of a profile that is no URL, and says whose it is", async () => {
    using _files = await profile("[default]\nendpoint_url = localhost:4566\n");
    await expect(checkWaysToAws(process.env)).rejects.toMatchObject({
      faults: [expect.stringMatching(/^profile default .*: AWS_ENDPOINT_URL must be an http or https URL/)],
    });
  });

  test("refuses a profile's section of services that there is none of", async () => {
    using _files = await profile("[default]\nservices = gone\n");
    await expect(checkWaysToAws(process.env)).rejects.toMatchObject({
      name: "ConfigError",
      faults: [expect.stringContaining('names the services section "gone"')],
    });
  });

  test("refuses a profile's switch beside an endpoint of the environment", async () => {
    using _files = await profile("[default]\nuse_fips_endpoint = true\n");
    await expect(checkWaysToAws({ ...process.env, AWS_ENDPOINT_URL: "http://host" })).rejects.toMatchObject({
      faults: [expect.stringContaining("AWS_USE_FIPS_ENDPOINT chooses among AWS's own hosts")],
    });
  });

  test("has nothing against a profile that is fine", async () => {
    using _files = await profile("[default]\nendpoint_url = http://localhost:4566\n");
    await checkWaysToAws(process.env);
  });
});
