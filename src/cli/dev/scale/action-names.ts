/** What one may do to the fleet without a word more. */
export const ACTIONS = ["kill", "freeze", "cut", "poison", "deploy"] as const;

export type ActionName = (typeof ACTIONS)[number];
