import { run } from "./command.mjs";

const IMAGE = "queuehand:test";
const BUILD_TIMEOUT_MS = 400_000;

/**
 * Builds the worker's image once for all tests of a run.
 * @returns the variables that tell the tests its name; none where no engine answers: the tests then say why they skip.
 */
export async function buildImage(tally) {
  if ((await run(["docker", "version"], { timeoutMs: 10_000 })).code !== 0) return {};
  const startedAt = performance.now();
  const { code, output } = await run(["docker", "build", "--progress=plain", "-t", IMAGE, "."], {
    env: { DOCKER_BUILDKIT: "1" },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (code !== 0) {
    tally.failed("build of the image", output);
    return {};
  }
  tally.passed("build of the image", `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return { QUEUEHAND_IMAGE: IMAGE };
}
