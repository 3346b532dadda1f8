import type { Route } from "./answer.js";
import { respond } from "./answer.js";
import type { DeadLetterLook, LetterChoice, LetterEdit } from "./api-letters.js";
import { type Gate, RequestFault } from "./gate.js";
import type { LetterDesk } from "./page-source.js";

const PATH = "/api/dead-letters";
const IDS_MAX = 1_000;

/**
 * The paths of the dead letters. A look hides letters for a moment and counts as a receive of each, so it is no GET;
 * what it found may be read by all.
 * @param bodies whether they are shown also to those who may not act.
 */
export function letterRoutes(gate: Gate, desk: LetterDesk, bodies: boolean): Record<string, Route> {
  const shown = (look: DeadLetterLook, mayAct: boolean): DeadLetterLook =>
    bodies || mayAct ? look : { ...look, letters: look.letters.map(({ body: _, ...letter }) => letter) };
  return {
    [PATH]: gate.reading((response, request) => respond(response, 200, shown(desk.last, gate.mayAct(request)))),
    [`${PATH}/look`]: gate.doing(false, async (_, request) => shown(await desk.look(), gate.mayAct(request))),
    [`${PATH}/redrive`]: gate.doing(true, (given) => desk.redrive(choiceOf(given))),
    [`${PATH}/delete`]: gate.doing(true, (given) => desk.delete(choiceOf(given))),
    [`${PATH}/edit`]: gate.doing(true, (given) => desk.edit(editOf(given))),
  };
}

function choiceOf(given: unknown): LetterChoice {
  const { ids, group, all } = objectOf(given);
  if (all === true) return { all };
  if (Array.isArray(ids) && ids.length > 0 && ids.length <= IDS_MAX && ids.every((id) => typeof id === "string")) {
    return { ids };
  }
  if (typeof group === "object" && group !== null) {
    const { reason, error } = group as Record<string, unknown>;
    if (typeof reason === "string" && (error === undefined || typeof error === "string")) {
      return { group: { reason, ...(error !== undefined && { error }) } };
    }
  }
  throw new RequestFault(400, `the letters must be named by ids (1..${IDS_MAX}), by a group, or by all: true`);
}

function editOf(given: unknown): LetterEdit {
  const { id, body } = objectOf(given);
  if (typeof id === "string" && typeof body === "string") return { id, body };
  throw new RequestFault(400, "an edit must have an id and a body, both text");
}

function objectOf(given: unknown): Record<string, unknown> {
  return typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
}
