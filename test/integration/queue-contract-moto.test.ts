import { describe } from "@jest/globals";
import { motoReason } from "../support/moto-server.js";
import { queueContract } from "../support/queue-contract.js";
import { motoServer } from "../support/queue-servers.js";

const reason = await motoReason();

(reason === undefined ? describe : describe.skip)(`from PyPI${reason ? ` (skipped: ${reason})` : ""}`, () => {
  queueContract("moto 5.2.5", motoServer, [
    "no 12-hour limit",
    "an expired handle still changes visibility",
    "a superseded handle still changes visibility",
    "a superseded handle still deletes",
    "no growing sequence numbers",
  ]);
});
