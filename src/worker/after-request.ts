/**
 * Does something once a request that is begun now has left: its connection is seen to stand in the next turn of the event
 * loop, and the request written then. On a network it is done while the other side is waited for.
 * @returns what calls it off; harmless when it is done.
 */
export function afterRequest(work: () => void): () => void {
  let waiting = setImmediate(() => {
    waiting = setImmediate(work);
  });
  return () => clearImmediate(waiting);
}
