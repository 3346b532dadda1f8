import { readFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "@jest/globals";
import { awsHost } from "../../../../src/aws/wire/aws-host.js";
import { regionOfQueueUrl } from "../../../../src/aws/wire/region.js";

/** The SDK exports a look at its partitions by region, and no list of them. */
const PARTITIONS = "node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js";

interface Partition {
  readonly regions: Readonly<Record<string, unknown>>;
}

const text = await readFile(PARTITIONS, "utf8");
const { partitions } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as {
  partitions: readonly Partition[];
};
/** Not those that stand for a whole partition: no queue is in `aws-global`. */
const REGIONS = partitions.flatMap(({ regions }) => Object.keys(regions)).filter((name) => !name.endsWith("-global"));

const KINDS = [
  { fips: false, dualStack: false },
  { fips: false, dualStack: true },
  { fips: true, dualStack: false },
  { fips: true, dualStack: true },
];

const sqs = new SQSClient({ region: "eu-west-1" }).config.endpointProvider;
const dynamodb = new DynamoDBClient({ region: "eu-west-1" }).config.endpointProvider;

describe("AWS's hosts", () => {
  test("are those of all partitions that the SDK knows, the sovereign ones included", () => {
    expect(REGIONS.length).toBeGreaterThan(40);
    expect(REGIONS).toEqual(
      expect.arrayContaining(["cn-north-1", "us-gov-west-1", "eusc-de-east-1", "eu-isoe-west-1"]),
    );
  });

  test.each(REGIONS)("in %s are where the SDK finds them, and a queue's says its region", (Region) => {
    for (const kind of KINDS) {
      const asked = { Region, UseFIPS: kind.fips, UseDualStack: kind.dualStack };
      const host = awsHost("sqs", Region, kind);
      expect(host).toBe(sqs(asked).url.hostname);
      expect(awsHost("dynamodb", Region, kind)).toBe(dynamodb(asked).url.hostname);
      expect(regionOfQueueUrl(`https://${host}/123456789012/q`)).toBe(Region);
    }
    const suffix = awsHost("sqs", Region, KINDS[0]!).slice(`sqs.${Region}.`.length);
    expect(regionOfQueueUrl(`https://vpce-0a1b-c2d3.sqs.${Region}.vpce.${suffix}/123456789012/q`)).toBe(Region);
  });
});
