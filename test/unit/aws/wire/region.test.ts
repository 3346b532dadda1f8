import { describe, expect, test } from "@jest/globals";
import { endpointOf, regionOf, regionOfQueueUrl } from "../../../../src/aws/wire/region.js";

describe("the region", () => {
  test.each([
    ["https://sqs.eu-west-1.amazonaws.com/123456789012/q", "eu-west-1"],
    ["https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/q", "us-gov-west-1"],
    ["https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q", "cn-north-1"],
    ["https://sqs.us-east-2.api.aws/123456789012/q", "us-east-2"],
    ["https://vpce-0a1b-c2d3.sqs.ap-southeast-2.vpce.amazonaws.com/123456789012/q", "ap-southeast-2"],
    ["https://eu-central-1.queue.amazonaws.com/123456789012/q", "eu-central-1"],
    ["https://queue.amazonaws.com/123456789012/q", "us-east-1"],
    ["http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q", "us-east-1"],
    ["http://localhost:9324/000000000000/q", undefined],
    ["nonsense", undefined],
  ])("of %s is %s", (url, region) => {
    expect(regionOfQueueUrl(url)).toBe(region);
  });

  const aws = "https://sqs.eu-west-1.amazonaws.com/123456789012/q";
  const local = "http://localhost:9324/000000000000/q";

  test("of an AWS host wins, since that host refuses any other", () => {
    expect(regionOf(aws, { AWS_REGION: "us-west-2" }, undefined)).toBe("eu-west-1");
  });

  test("comes from the environment where the host says nothing", () => {
    expect(regionOf(local, { AWS_REGION: "us-west-2", AWS_DEFAULT_REGION: "sa-east-1" }, undefined)).toBe("us-west-2");
    expect(regionOf(local, { AWS_DEFAULT_REGION: "sa-east-1" }, undefined)).toBe("sa-east-1");
    expect(regionOf(local, {}, undefined)).toBeUndefined();
  });

  test("is the environment's with a custom endpoint, else the host's, else us-east-1", () => {
    expect(regionOf(aws, { AWS_REGION: "us-west-2" }, "http://localhost:4566")).toBe("us-west-2");
    expect(regionOf(aws, {}, "http://localhost:4566")).toBe("eu-west-1");
    expect(regionOf(local, {}, "http://localhost:4566")).toBe("us-east-1");
  });
});

describe("the endpoint of the environment", () => {
  test("for SQS comes before the one for all", () => {
    expect(endpointOf({ AWS_ENDPOINT_URL: "http://all", AWS_ENDPOINT_URL_SQS: "http://sqs" })).toBe("http://sqs");
    expect(endpointOf({ AWS_ENDPOINT_URL: "http://all" })).toBe("http://all");
    expect(endpointOf({})).toBeUndefined();
  });

  test("is ignored when AWS's switch says so", () => {
    expect(endpointOf({ AWS_ENDPOINT_URL: "http://all", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" })).toBeUndefined();
  });
});
