import { createServer, type ServerResponse } from "node:http";
import { closeServer, listenOnLoopback } from "./loopback.js";

/** A call's parameters by name, and how it was signed. */
export type StsRequest = Readonly<Record<string, string>> & { readonly authorization: string };
export type StsAnswer = (request: StsRequest, response: ServerResponse) => void;

export const EXPIRES = new Date("2030-01-01T01:00:00Z");

export const granted: StsAnswer = (_, response) => {
  response.writeHead(200, { "content-type": "text/xml" });
  response.end(
    `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAAGENT</AccessKeyId><SecretAccessKey>agent secret</SecretAccessKey><SessionToken>agent token</SessionToken><Expiration>${EXPIRES.toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  );
};

export const refused =
  (status: number, code: string): StsAnswer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "text/xml" });
    response.end(
      `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>said STS</Message></Error></ErrorResponse>`,
    );
  };

/** A server on loopback that answers as STS might, and what it was asked. */
export class FakeSts {
  readonly asked: StsRequest[] = [];
  answer: StsAnswer = granted;
  readonly #server = createServer(async (request, response) => {
    let form = "";
    for await (const chunk of request) form += chunk;
    const authorization = request.headers.authorization ?? "";
    const asked = { ...Object.fromEntries(new URLSearchParams(form)), authorization };
    this.asked.push(asked);
    this.answer(asked, response);
  });

  start(): Promise<string> {
    return listenOnLoopback(this.#server);
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }
}
