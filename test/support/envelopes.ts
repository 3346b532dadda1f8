/** What a topic sends to a queue that gets no raw messages; `n` makes the sending another one. */
export function notification(
  message: string,
  { n = 1, ...more }: { readonly n?: number; [field: string]: unknown } = {},
): string {
  return JSON.stringify({
    Type: "Notification",
    MessageId: `0000000${n}-0000-4000-8000-000000000000`,
    TopicArn: "arn:aws:sns:us-east-1:000000000000:orders",
    Message: message,
    Timestamp: `2026-11-28T12:00:0${n}.000Z`,
    SignatureVersion: "1",
    Signature: `AA${n}=`,
    SigningCertURL: "https://sns.us-east-1.amazonaws.com/cert.pem",
    UnsubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    ...more,
  });
}

/** What an EventBridge rule without an input sends; `n` makes the sending another one. */
export function busEvent(
  detail: unknown,
  { n = 1, ...more }: { readonly n?: number; [field: string]: unknown } = {},
): string {
  return JSON.stringify({
    version: "0",
    id: `0000000${n}-0000-4000-8000-000000000000`,
    "detail-type": "Order placed",
    source: "my.shop",
    account: "000000000000",
    time: `2026-11-28T12:00:0${n}Z`,
    region: "us-east-1",
    resources: [],
    detail,
    ...more,
  });
}
