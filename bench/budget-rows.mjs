import { allOf, percent, ratio, tenths, verdict, whole } from "./figures.mjs";
import { AND_FLEET, BESIDE, BUSY, BY_TABLE, FREE, TOLD } from "./line-up.mjs";

/** Agents behind a provider with a limit. */
export const BUDGET_ROWS = [
  {
    number: 20,
    title: "A provider that takes 50 calls a second, behind 3 workers of 20 slots: 1,500 messages",
    aim: "told of the budget ≤ 1 % of the calls refused and ≥ 95 % of the limit used, by a table ≥ 98 %, Busy thrown ≤ 5 % refused; no dead letter, ≤ 1.02 receives a message",
    needs: ["providerLimit"],
    columns: {
      "calls refused": ({ refusedPercent }) => tenths(refusedPercent),
      "of the limit used": ({ usedPercent }) => percent(usedPercent),
      "dead letters": ({ dead }) => whole(dead),
      "receives a message": ({ receivesPerMessage }) => ratio(receivesPerMessage),
      seconds: ({ seconds }) => whole(seconds),
    },
    judge({ providerLimit: { [TOLD]: told, [BY_TABLE]: byTable, [BUSY]: busy } }) {
      const all = [told, byTable, busy];
      const receives = Math.max(...all.map(({ receivesPerMessage }) => receivesPerMessage));
      const dead = all.reduce((sum, one) => sum + one.dead, 0);
      return allOf([
        verdict(told.refusedPercent <= 1, `${tenths(told.refusedPercent)} refused when told`),
        verdict(told.usedPercent >= 95, `${percent(told.usedPercent)} of the limit used`),
        verdict(byTable.refusedPercent <= 1, `${tenths(byTable.refusedPercent)} refused by a table`),
        verdict(byTable.usedPercent >= 98, `${percent(byTable.usedPercent)} used`),
        verdict(busy.refusedPercent <= 5, `${tenths(busy.refusedPercent)} refused with Busy`),
        verdict(dead === 0, `${dead} dead letters`),
        verdict(receives <= 1.02, `${ratio(receives)} receives a message`),
      ]);
    },
  },
  {
    number: 21,
    title: "The same provider, with more work than it takes, while the fleet is ordered from 3 tasks to 12 and back",
    aim: "over the limit by ≤ 10 % for ≤ 10 s",
    needs: ["changingFleet"],
    columns: {
      "most in a second": ({ mostPercent }) => percent(mostPercent),
      "most in ten seconds": ({ mostInTenPercent }) => percent(mostInTenPercent),
      "seconds above 110 %": ({ overSeconds }) => whole(overSeconds),
      "calls refused": ({ refusedPercent }) => tenths(refusedPercent),
      "of the limit used": ({ usedPercent }) => percent(usedPercent),
      "dead letters": ({ dead }) => whole(dead),
    },
    judge({ changingFleet }) {
      return allOf(
        [
          [AND_FLEET, "told of the fleet"],
          [TOLD, "seen in flight"],
          [BY_TABLE, "by a table"],
        ].map(([name, text]) => {
          const { mostInTenPercent, overSeconds } = changingFleet[name];
          return verdict(
            mostInTenPercent <= 110 && overSeconds <= 10,
            `${percent(mostInTenPercent)} of the limit in ten seconds at the most, ${overSeconds} s above 110 %, ${text}`,
          );
        }),
      );
    },
  },
  {
    number: 22,
    title: "1,500 messages at once that take of no budget, while 300 wait for theirs (5/s): 3 workers of 20 slots",
    aim: "their p99 wait as without budgets (≤ 1.1 ×)",
    needs: ["unlimitedBeside"],
    columns: {
      "p50 ms": ({ p50Ms }) => whole(p50Ms),
      "p99 ms": ({ p99Ms }) => whole(p99Ms),
      "calls made meanwhile": ({ called }) => whole(called),
      "receives a message": ({ receivesPerMessage }) => ratio(receivesPerMessage),
    },
    judge({ unlimitedBeside: { queuehand, [BESIDE]: beside } }) {
      const times = beside.p99Ms / queuehand.p99Ms;
      return verdict(times <= 1.1, `${ratio(times)} ×`);
    },
  },
  {
    number: 23,
    title: "What a budget costs that is never used up: no-op module agent, 80 slots",
    aim: "≤ 2 µs of CPU a message more",
    needs: ["freeBudget"],
    columns: {
      "µs more": ({ cpuOverMicros }) => ratio(cpuOverMicros),
      "µs a message": ({ cpuMicros }) => ratio(cpuMicros),
      "messages/s": ({ perSecond }) => whole(perSecond),
    },
    judge({ freeBudget: { [FREE]: free } }) {
      return verdict(free.cpuOverMicros <= 2, `${ratio(free.cpuOverMicros)} µs more`);
    },
  },
];
