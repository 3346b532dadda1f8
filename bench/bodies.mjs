/** About 250 bytes of what tasks are made of; quotes in plenty, since each of them is escaped within SQS's answer. */
const recordOf = (number) => ({
  id: `6f1d0c5e-9a3b-4d27-8c41-${String(number).padStart(12, "0")}`,
  kind: "order.line",
  at: "2026-01-02T03:04:05.678Z",
  quantity: 1 + (number % 9),
  price: 19.95,
  tags: ["fragile", "gift"],
  note: `Leave line ${number} at the back door if nobody answers, and ring twice.`,
});

/** A task's JSON of exactly `bytes` bytes, ASCII: as many records as fit, and the rest filled up. */
export function bodyOf(bytes) {
  const text = (records, data) => JSON.stringify({ task_id: "42", ...(records.length > 0 && { records }), data });
  const records = [];
  let length = text(records, "").length;
  for (let number = 0; ; number++) {
    const record = recordOf(number);
    // With its comma, and with the list's name and brackets where it is the first.
    const added = JSON.stringify(record).length + (number === 0 ? ',"records":[]'.length : 1);
    if (length + added > bytes) break;
    records.push(record);
    length += added;
  }
  return text(records, "x".repeat(Math.max(0, bytes - length)));
}
