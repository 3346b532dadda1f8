/** What a command needs to reach a server of the tests. */
export const reaching = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
});

/** A worker on a queue, its agent in its folder, that says nothing to anybody and stops within a second. */
export const working = (queueUrl: string) => ({
  SQS_QUEUE_URL: queueUrl,
  HANDLER: "./agent.mjs",
  METRICS: "off",
  HTTP_PORT: "off",
  POLL_INTERVAL_SECONDS: "1",
});
