/** By what decoders have made: how to get at what the producer said, without what a service wrapped around it. */
const SAID = new WeakMap<object, () => unknown>();

/**
 * Notes for something that a decoder has made what of it the producer said, where that is less than all of it (an event's
 * id and time are its bus's), or can be had with more digits.
 * @param said called only where two messages are compared; may throw.
 */
export function withSaid<Made>(made: Made, said: () => unknown): Made {
  if (typeof made === "object" && made !== null) SAID.set(made, said);
  return made;
}

/** What the producer said in what a decoder has made; all of it where no decoder of ours knows better. May throw. */
export function saidIn(made: unknown): unknown {
  const said = typeof made === "object" && made !== null ? SAID.get(made) : undefined;
  return said ? said() : made;
}
