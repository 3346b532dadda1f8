import { createServer } from "node:http";
import { closeServer, listenOnLoopback } from "./loopback.js";

/** A request as a peer got it. */
export interface PeerRequest {
  readonly url: string;
  /** What the AWS JSON protocols call the operation: `Service.Operation`. */
  readonly target: string | undefined;
  readonly json: Record<string, unknown>;
}

export interface PeerAnswer {
  readonly status?: number;
  readonly json: unknown;
}

/** A server on loopback that answers every request as told, or never where it is told `undefined`; and remembers them. */
export async function startPeer(answer: (request: PeerRequest) => PeerAnswer | undefined) {
  const requests: PeerRequest[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const target = request.headers["x-amz-target"];
    const got: PeerRequest = {
      url: request.url ?? "",
      target: typeof target === "string" ? target : undefined,
      json: text ? JSON.parse(text) : {},
    };
    requests.push(got);
    const answered = answer(got);
    if (!answered) return;
    response.writeHead(answered.status ?? 200, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(answered.json));
  });
  const url = await listenOnLoopback(server);
  return { url, requests, close: () => closeServer(server) };
}
