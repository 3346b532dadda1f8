import type { ExtraSection } from "./extra-section.js";
import { fleet } from "./fleet.js";
import { scale } from "./scale.js";

/** By the name that the mode gives (`ConsoleExtra`); a module of this folder each. */
export const EXTRAS: Readonly<Record<string, ExtraSection>> = { fleet, scale };
