const fixed = (digits) => (value) => value.toFixed(digits);

export const ratio = fixed(2);
export const whole = fixed(0);
export const percent = (value) => `${value.toFixed(0)} %`;

/** Whether an aim was reached, and the figures that say so. */
export const verdict = (reached, text) => ({ reached, text });
