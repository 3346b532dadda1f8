/**
 * A message as it stands in SQS's answer, with only the attributes that were asked for: a client that asks for more pays
 * for more. A queue that hands out one body again and again gives its JSON with it, as `bodyJson`.
 */
export function messageJson(message, wanted) {
  const all = wanted.includes("All");
  const attributes = {};
  if (all) attributes.SenderId = "AIDAIENQZJOLO23YVJ4VO";
  if (all || wanted.includes("SentTimestamp")) attributes.SentTimestamp = String(message.sentAt);
  if (all || wanted.includes("ApproximateReceiveCount")) {
    attributes.ApproximateReceiveCount = String(message.receiveCount);
  }
  if (all || wanted.includes("ApproximateFirstReceiveTimestamp")) {
    attributes.ApproximateFirstReceiveTimestamp = String(message.firstReceivedAt);
  }
  if (message.groupId !== undefined) {
    attributes.MessageGroupId = message.groupId;
    attributes.SequenceNumber = message.sequenceNumber;
  }
  const json = { MessageId: message.id, ReceiptHandle: message.handle, MD5OfBody: message.md5 };
  if (Object.keys(attributes).length > 0) json.Attributes = attributes;
  if (message.attributes) {
    json.MessageAttributes = message.attributes;
    json.MD5OfMessageAttributes = message.md5OfAttributes;
  }
  return `${JSON.stringify(json).slice(0, -1)},"Body":${message.bodyJson ?? JSON.stringify(message.body)}}`;
}
