/** What can be taken off what a producer said, by the names that DECODE takes; in the order in which it is looked for. */
export const DECODER_NAMES = ["sns", "gocloud", "jms", "celery", "dramatiq", "eventbridge", "base64"] as const;
export type DecoderName = (typeof DECODER_NAMES)[number];

/** The pointers to payloads that nothing but a body marks: followed only where DECODE names who sends them. */
export const UNMARKED_POINTERS = ["sns-sqs-big-payload"] as const;

/** All of DECODER_NAMES, where what was sent can't be anything else. */
export const AUTO = "auto";
