import type { FleetRow } from "../api.js";
import { fill, find, make, row } from "./dom.js";
import type { ExtraSection } from "./extra-section.js";
import { duration, rate, span } from "./words.js";

const COLUMNS = ["worker", "queue", "state", "busy", "handled /s", "failures / min", "event to done p99", "up"];

/** A row a worker, by queue; those that don't answer first. */
export const fleet: ExtraSection = {
  prepare(section) {
    const heads = COLUMNS.map((name) => {
      const head = make("th", "", name);
      head.scope = "col";
      return head;
    });
    const table = make("table", "list", make("thead", "", make("tr", "", ...heads)), make("tbody"));
    table.id = "fleet-list";
    const scroll = make("div", "scroll", table);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "Workers");
    section.append(make("div", "card", scroll));
  },
  draw(data) {
    const { rows } = data as { rows: readonly FleetRow[] };
    const order = (one: FleetRow) => `${one.trouble === undefined ? 1 : 0} ${one.queueName ?? ""} ${one.target}`;
    fill("#fleet-list", rows.toSorted((a, b) => order(a).localeCompare(order(b))).map(workerRow));
    find("#extra").hidden = false;
  },
};

function workerRow(worker: FleetRow): HTMLTableRowElement {
  const { target, trouble, queueName = "", state, ready, busy, slots, handledPerSecond, failuresPerMinute } = worker;
  const link = make("a", "", new URL(target).host);
  link.href = target;
  if (trouble !== undefined) return row([link, "", make("span", "error", `not reachable: ${trouble}`)]);
  return row([
    link,
    queueName,
    `${state}${ready ? "" : ", not ready"}`,
    `${busy} of ${slots}`,
    rate(handledPerSecond ?? 0),
    String(failuresPerMinute ?? 0),
    worker.firstTryMs ? duration(worker.firstTryMs.p99) : "–",
    span(worker.upSeconds ?? 0),
  ]);
}
