/** What answered doesn't speak HTTP/1.1 as it is understood here. In the shape of a socket's error. */
export function malformed(what: string): Error {
  return Object.assign(new Error(`an answer that is no HTTP: ${what}`), { code: "EPROTO" });
}
