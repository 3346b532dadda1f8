const fixed = (digits) => (value) => value.toFixed(digits);

export const ratio = fixed(2);
export const whole = fixed(0);
export const percent = (value) => `${value.toFixed(0)} %`;

/** Where a part of a percent matters. */
export const tenths = (value) => `${value.toFixed(1)} %`;

/** Whether an aim was reached, and the figures that say so. */
export const verdict = (reached, text) => ({ reached, text });

/** Several aims of one row: reached when each is, and those that aren't are marked. */
export const allOf = (verdicts) => ({
  reached: verdicts.every(({ reached }) => reached),
  text: verdicts.map(({ reached, text }) => (reached ? text : `${text} (not reached)`)).join(", "),
});
