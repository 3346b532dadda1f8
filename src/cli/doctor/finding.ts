/** One line of `doctor`: whether something fits, and what to do if it doesn't. */
export interface Finding {
  /** `warn` = works, but somebody should know. */
  readonly level: "ok" | "warn" | "bad";
  readonly about: string;
  readonly text: string;
  readonly advice?: string;
}

export const ok = (about: string, text: string): Finding => ({ level: "ok", about, text });
export const warn = (about: string, text: string, advice: string): Finding => ({ level: "warn", about, text, advice });
export const bad = (about: string, text: string, advice: string): Finding => ({ level: "bad", about, text, advice });

const SECONDS = { day: 86_400, hour: 3_600, minute: 60 } as const;

/** 90 → "90 s", 7,200 → "2 h", 345,600 → "4 d": exact, in the largest unit that is. */
export function span(seconds: number): string {
  if (seconds > 0 && seconds % SECONDS.day === 0) return `${seconds / SECONDS.day} d`;
  if (seconds > 0 && seconds % SECONDS.hour === 0) return `${seconds / SECONDS.hour} h`;
  if (seconds > 2 * SECONDS.minute && seconds % SECONDS.minute === 0) return `${seconds / SECONDS.minute} min`;
  return `${seconds} s`;
}
