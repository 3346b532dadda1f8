import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import { dynamoDbEndpoint } from "../../../../src/aws/dynamodb/dynamodb-endpoint.js";

const REGIONS = [
  "eu-west-1",
  "us-east-1",
  "us-gov-west-1",
  "us-gov-east-1",
  "cn-north-1",
  "us-iso-east-1",
  "us-isob-east-1",
  "us-isof-south-1",
  "eu-isoe-west-1",
  "eusc-de-east-1",
];

describe.each(REGIONS)("DynamoDB in %s", (Region) => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("is where the SDK finds it (FIPS %s, dual stack %s)", (UseFIPS, UseDualStack) => {
    const { config } = new DynamoDBClient({ region: Region });
    const env = { AWS_USE_FIPS_ENDPOINT: String(UseFIPS), AWS_USE_DUALSTACK_ENDPOINT: String(UseDualStack) };
    expect(dynamoDbEndpoint(Region, env).href).toBe(
      config.endpointProvider({ Region, UseFIPS, UseDualStack }).url.href,
    );
  });
});

describe("an endpoint of the environment", () => {
  const AWS = "https://dynamodb.eu-west-1.amazonaws.com/";
  const all = { AWS_ENDPOINT_URL: "http://all:4566", AWS_ENDPOINT_URL_DYNAMODB: "http://tables:8000/here" };
  test.each([
    ["for DynamoDB wins", all, "http://tables:8000/here"],
    ["for all services counts", { AWS_ENDPOINT_URL: "http://all:4566" }, "http://all:4566/"],
    ["for SQS doesn't", { AWS_ENDPOINT_URL_SQS: "http://queues:9324" }, AWS],
    ["that is empty is none", { AWS_ENDPOINT_URL: "", AWS_ENDPOINT_URL_DYNAMODB: "" }, AWS],
    ["is ignored if asked to", { ...all, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }, AWS],
  ])("%s", (_name, env, href) => {
    expect(dynamoDbEndpoint("eu-west-1", env).href).toBe(href);
  });
});
