import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ownFile } from "../package/own-files.js";
import { respond } from "./answer.js";
import { gzip } from "./gzip.js";

const TYPES = { "page.js": "text/javascript; charset=utf-8", "page.css": "text/css; charset=utf-8" } as const;

interface Asset {
  readonly plain: Buffer;
  readonly packed: Buffer;
  readonly tag: string;
}

const loaded = new Map<string, Promise<Asset>>();

/** Answers with a file that `scripts/build-page.mjs` has bundled; it is read when it is first asked for. */
export function assetAnswer(name: keyof typeof TYPES) {
  return async (response: ServerResponse, request: IncomingMessage): Promise<void> => {
    let asset: Asset;
    try {
      asset = await assetOf(name);
    } catch {
      return respond(response, 404, { error: `${name} is missing: npm run build makes it` });
    }
    response.setHeader("content-type", TYPES[name]);
    // Asked for each time, so that a new version of the worker never meets an old script.
    response.setHeader("cache-control", "no-cache");
    response.setHeader("etag", asset.tag);
    response.setHeader("vary", "accept-encoding");
    if (request.headers["if-none-match"] === asset.tag) {
      response.writeHead(304).end();
    } else if (/\bgzip\b/.test(String(request.headers["accept-encoding"]))) {
      response.writeHead(200, { "content-encoding": "gzip" }).end(asset.packed);
    } else response.writeHead(200).end(asset.plain);
  };
}

function assetOf(name: string): Promise<Asset> {
  let asset = loaded.get(name);
  if (!asset) {
    asset = load(name);
    loaded.set(name, asset);
    asset.catch(() => loaded.delete(name));
  }
  return asset;
}

async function load(name: string): Promise<Asset> {
  const plain = await readFile(ownFile(`console/assets/${name}`));
  const tag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 16)}"`;
  return { plain, packed: await gzip(plain, 9), tag };
}
