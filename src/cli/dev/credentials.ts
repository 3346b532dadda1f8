/** Credentials that open nothing: whatever goes astray, it is no call to a real account. */
export const ACCESS_KEY = "queuehand-dev";

export const devCredentials = async () => ({ accessKeyId: ACCESS_KEY, secretAccessKey: ACCESS_KEY });

/**
 * Points everything in this process that talks to SQS at the embedded server, with credentials that open nothing
 * anywhere. Told by variables because threads and the agent read them too.
 */
export function pointAt(endpoint: string, env: NodeJS.ProcessEnv = process.env): void {
  env.AWS_ENDPOINT_URL_SQS = endpoint;
  env.AWS_REGION = "us-east-1";
  env.AWS_ACCESS_KEY_ID = ACCESS_KEY;
  env.AWS_SECRET_ACCESS_KEY = ACCESS_KEY;
  // Also where a profile says otherwise.
  env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "false";
  // Each of these would win over the above, or bring real credentials back.
  for (const name of ["AWS_PROFILE", "AWS_SESSION_TOKEN"]) delete env[name];
}
