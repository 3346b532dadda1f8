import { describe, expect, test } from "@jest/globals";
import { placeOf } from "../../../../src/aws/sqs/queue-place.js";
import { environment } from "../../../support/environment.js";

const AWS = "https://sqs.eu-west-1.amazonaws.com/123456789012/q";
const FIPS = { AWS_USE_FIPS_ENDPOINT: "true" };
const DUAL_STACK = { AWS_USE_DUALSTACK_ENDPOINT: "true" };

/** Without files of the machine that the test runs on. */
const HOME = "/nowhere";

describe("the calls on a queue go", () => {
  test.each([
    ["to the host in its URL", AWS, {}, "https://sqs.eu-west-1.amazonaws.com/"],
    ["to FIPS's host where that is asked for", AWS, FIPS, "https://sqs-fips.eu-west-1.amazonaws.com/"],
    ["to the host of both IP versions", AWS, DUAL_STACK, "https://sqs.eu-west-1.api.aws/"],
    ["to the host that is both", AWS, { ...FIPS, ...DUAL_STACK }, "https://sqs-fips.eu-west-1.api.aws/"],
    [
      "from an older URL to FIPS's host",
      "https://eu-west-1.queue.amazonaws.com/123456789012/q",
      FIPS,
      "https://sqs-fips.eu-west-1.amazonaws.com/",
    ],
    [
      "to a VPC endpoint that the URL names, whatever is asked for",
      "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/123456789012/q",
      FIPS,
      "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/",
    ],
    ["to a container that it names", "http://queues:9324/000000000000/q", DUAL_STACK, "http://queues:9324/"],
    [
      "to an endpoint of the environment",
      AWS,
      { AWS_ENDPOINT_URL: "http://queues:9324/sqs" },
      "http://queues:9324/sqs",
    ],
  ])("%s", async (_name, queueUrl, variables, href) => {
    using _env = environment({ HOME, ...variables });
    expect((await placeOf(queueUrl)).endpoint.href).toBe(href);
  });
});
