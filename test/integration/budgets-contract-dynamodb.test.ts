import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe } from "@jest/globals";
import { budgetsContract } from "../support/budgets-contract.js";
import { containerSuite } from "../support/container-suite.js";
import { DynamoDbServer } from "../support/dynamodb.js";
import { createKeyTable } from "../support/key-table.js";
import { motoReason, startMoto } from "../support/moto-server.js";

const noMoto = await motoReason();

(noMoto === undefined ? describe : describe.skip)(`from PyPI${noMoto ? ` (skipped: ${noMoto})` : ""}`, () => {
  // Its server's threads read and write without a lock: two that ask at once may be given the same block.
  budgetsContract("budgets in moto's DynamoDB", 1, async () => {
    const moto = await startMoto();
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new DynamoDBClient({ endpoint: moto.endpoint, region: "us-east-1", credentials });
    return {
      endpoint: moto.endpoint,
      createTable: (name) => createKeyTable(client, name),
      async stop() {
        client.destroy();
        await moto.stop();
      },
    };
  });
});

containerSuite("in a container", () => {
  budgetsContract("budgets in MiniStack's DynamoDB", 6, () => DynamoDbServer.start());
});
