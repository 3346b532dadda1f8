import { expect, test } from "@jest/globals";
import { isOwnHost } from "../../../../src/aws/wire/own-host.js";

test.each([
  ["localhost", true],
  ["queue.localhost", true],
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["[::1]", true],
  ["169.254.169.254", true],
  ["169.254.170.2", true],
  ["[fd00:ec2::254]", true],
  ["fd00:ec2::23", true],
  ["169.253.1.1", false],
  ["10.0.0.1", false],
  ["fd00:ec3::1", false],
  ["localhost.example", false],
  ["sqs.eu-west-1.amazonaws.com", false],
])("the host %s is this machine or tells of it: %s", (host, own) => {
  expect(isOwnHost(host)).toBe(own);
});
