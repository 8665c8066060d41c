/**
 * Telemetry modes of starter bricks: which runs and errors of a page visit are reported. Pure: no clock, no network, no page.
 *
 * One page visit is one document load in one frame. A single-page application that changes its address stays in its visit.
 */
import { BusinessError } from "./errors";

/** `all`: every event and error; `once`: the first of each; `error-once`: the first error; `never`: nothing. */
export const REPORT_MODES = ["all", "once", "error-once", "never"] as const;
export type ReportMode = (typeof REPORT_MODES)[number];

/**
 * What an absent mode means for triggers that are no user action: `code` is `error-once`, as mods run today; `page` is
 * `once`, as the documentation of product telemetry says, for every trigger.
 */
export type DefaultMode = "code" | "page";

/** Triggers that carry an intent of the user. Keys do not: one press of many says nothing. */
const USER_ACTIONS = ["click", "dblclick", "blur", "mouseover", "hover"];

export function isUserAction(trigger?: string): boolean {
  return USER_ACTIONS.includes(String(trigger));
}

/** The mode that holds for a starter brick: `value` where it has one, else the default for its trigger (`load` when it names none). */
export function reportMode(value: unknown, trigger?: string, absent?: DefaultMode): ReportMode {
  if (value === undefined || value === null) {
    if (absent === "page") return "once";
    return isUserAction(trigger) ? "all" : "error-once";
  }
  if (REPORT_MODES.includes(value as ReportMode)) return value as ReportMode;
  throw new BusinessError(`Invalid reportMode: ${value} (${REPORT_MODES.join(", ")})`);
}

/** What one starter brick has reported in one page visit, by mod component. Events and errors have firsts of their own. */
export class Firsts {
  readonly #seen = new Set<string>();

  /** Ask once for each run that succeeded. */
  event(mode: ReportMode, componentId: string): boolean {
    const first = this.#isFirst(`event ${componentId}`);
    return mode === "all" || (mode === "once" && first);
  }

  /** Ask once for each run that failed. */
  error(mode: ReportMode, componentId: string, trigger?: string, error?: unknown): boolean {
    // An extension that was updated or removed under the page's feet: nobody can mend it, and it repeats.
    if (/\bcontext invalidated\b/i.test(String(error)) && !isUserAction(trigger)) return false;
    const first = this.#isFirst(`error ${componentId}`);
    return mode === "all" || (mode !== "never" && first);
  }

  /** Counts the component before any mode is looked at, so that a mode that changes later finds the run known. */
  #isFirst(what: string): boolean {
    const first = !this.#seen.has(what);
    this.#seen.add(what);
    return first;
  }
}
