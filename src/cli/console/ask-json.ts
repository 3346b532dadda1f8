const WITHIN_MS = 3_000;
/** A worker with a thousand slots tells a hundred of them: more than this is no page of ours. */
const BYTES_MAX = 4 * 1024 * 1024;

/**
 * The JSON at a URL.
 * @throws Error with what is wrong in a few words: no answer in time, an answer that is no success, or too long, or no JSON.
 */
export async function askJson(url: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(WITHIN_MS), redirect: "error" });
  } catch (error) {
    const { name, cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    if (name === "TimeoutError") throw new Error(`no answer within ${WITHIN_MS / 1_000} s`);
    throw new Error(cause?.code ?? cause?.message ?? message);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > BYTES_MAX) throw new Error(`its answer has more than ${BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const answer = parsed(Buffer.concat(chunks).toString());
  if (response.ok) return answer;
  const told = (answer as { error?: unknown } | undefined)?.error;
  throw new Error(`HTTP ${response.status}${typeof told === "string" ? `: ${told}` : ""}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("its answer is no JSON: it is no queuehand's page, or one of an older version");
  }
}
