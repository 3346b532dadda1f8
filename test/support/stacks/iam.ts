import { createHash, createHmac } from "node:crypto";
import type { Stacks } from "./stacks.js";

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** IAM's query protocol, for the three calls of a test: makes a user whose rights are one policy. */
export async function createUser({ endpoint, client }: Stacks, name: string, policy: object): Promise<AccessKey> {
  const iam = (action: string, parameters: Record<string, string>) =>
    signedPost(
      endpoint,
      client.credentials,
      new URLSearchParams({ Action: action, Version: "2010-05-08", ...parameters }),
    );
  await iam("CreateUser", { UserName: name });
  await iam("PutUserPolicy", { UserName: name, PolicyName: "rights", PolicyDocument: JSON.stringify(policy) });
  const answer = await iam("CreateAccessKey", { UserName: name });
  const field = (tag: string) => new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(answer)![1]!;
  return { accessKeyId: field("AccessKeyId"), secretAccessKey: field("SecretAccessKey") };
}

/** Makes a role with a trust policy and one policy of rights; resolves with its ARN. */
export async function createRole(
  { endpoint, client }: Stacks,
  name: string,
  policies: { readonly trust: string; readonly rights: string },
): Promise<string> {
  const iam = (parameters: Record<string, string>) =>
    signedPost(
      endpoint,
      client.credentials,
      new URLSearchParams({ Version: "2010-05-08", RoleName: name, ...parameters }),
    );
  const answer = await iam({ Action: "CreateRole", AssumeRolePolicyDocument: policies.trust });
  await iam({ Action: "PutRolePolicy", PolicyName: "rights", PolicyDocument: policies.rights });
  return /<Arn>([^<]+)<\/Arn>/.exec(answer)![1]!;
}

/** The inline policy of a role, as IAM has it. */
export async function rolePolicy({ endpoint, client }: Stacks, role: string, policy: string): Promise<string> {
  const query = { Action: "GetRolePolicy", Version: "2010-05-08", RoleName: role, PolicyName: policy };
  const answer = await signedPost(endpoint, client.credentials, new URLSearchParams(query));
  const document = /<PolicyDocument>(.+)<\/PolicyDocument>/s.exec(answer)![1]!;
  return decodeURIComponent(document.replaceAll("&quot;", '"').replaceAll("&amp;", "&"));
}

/** Signature Version 4 of one POST. */
async function signedPost(
  endpoint: string,
  { accessKeyId, secretAccessKey }: AccessKey,
  form: URLSearchParams,
): Promise<string> {
  const body = form.toString();
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${date.slice(0, 8)}/us-east-1/iam/aws4_request`;
  const { host } = new URL(endpoint);
  const type = "application/x-www-form-urlencoded";
  const signed = "content-type;host;x-amz-date";
  const request = `POST\n/\n\ncontent-type:${type}\nhost:${host}\nx-amz-date:${date}\n\n${signed}\n${hash(body)}`;
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash(request)}`).toString("hex");
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": type,
      "x-amz-date": date,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    },
    body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${form.get("Action")} was answered ${response.status}: ${text}`);
  return text;
}
