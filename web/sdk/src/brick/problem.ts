/**
 * What is wrong with a definition. Codes, messages and hints are those of `modlaked brick check` (`crates/brick`); the files in
 * `fixtures/bricks` hold both to the same words.
 */

export type Severity = "error" | "warning";

export interface Place {
  /** From 1. */
  line: number;
  /** From 1, in Unicode code points. */
  column: number;
}

export interface Problem extends Place {
  severity: Severity;
  code: Code;
  /** Of the value in the definition, such as `pipeline[0].config.body[3].outputKey`; empty for the file as a whole. */
  path: string;
  /** What was wrong, and what was expected. */
  message: string;
  /** What to do. */
  hint: string;
}

export type Code =
  | "too-large"
  | "syntax"
  | "tag"
  | "duplicate"
  | "missing"
  | "type"
  | "value"
  | "unknown"
  | "schema"
  | "reference"
  | "unknown-brick"
  | "output-key"
  | "expression"
  | "undefined"
  | "not-run";

/** What a definition may weigh; the defaults are those of `modlaked brick check`. */
export interface Limits {
  /** Bytes of the file as UTF-8. */
  bytes: number;
  /** Lists and mappings within each other. */
  depth: number;
  /** Values of the file with every alias written out. */
  nodes: number;
  /** Problems that are told; with them the check ends. */
  problems: number;
}

export const LIMITS: Limits = { bytes: 1 << 20, depth: 64, nodes: 10_000, problems: 100 };

/** Problems in the order they were found, up to a limit. */
export class Problems {
  readonly #found: Problem[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(severity: Severity, code: Code, path: string, place: Place, message: string, hint: string): void {
    if (this.isFull) return;
    this.#found.push({ severity, code, path, line: place.line, column: place.column, message, hint });
  }

  /** Whether no more are told. */
  get isFull(): boolean {
    return this.#found.length >= this.#limit;
  }

  sorted(): Problem[] {
    return [...this.#found].sort((a, b) => a.line - b.line || a.column - b.column);
  }
}

const QUOTED_CHARS = 60;

/** A name from the file for a message: of bounded length and without control characters. */
export function quoted(name: string): string {
  const chars = [...name];
  const short = chars
    .slice(0, QUOTED_CHARS)
    .join("")
    .replace(/\p{Cc}/gu, "\u{fffd}");
  return `\`${short}${chars.length > QUOTED_CHARS ? "…" : ""}\``;
}
