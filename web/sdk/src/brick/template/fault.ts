/** What the languages of expressions share. `crates/brick/src/template` reads the same grammars with the same words. */

/** Levels of brackets or blocks within each other. */
export const MAX_DEPTH = 32;
/** Characters that a template may make, and steps that it may take: a loop in a loop is a few bytes. */
export const MAX_OUTPUT = 1 << 20;
export const MAX_STEPS = 100_000;

/** A variable that an expression uses: `@input.data.case` has the root `@input` and the member `data`. */
export interface Reference {
  root: string;
  member?: string;
  /** Whether a `?` says that the root may be missing. */
  mayMiss?: boolean;
}

/** An expression cannot be read or evaluated. */
export class TemplateFault extends Error {
  override name = "TemplateFault";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }

  static tooDeep(): TemplateFault {
    return new TemplateFault(`the template is nested deeper than ${MAX_DEPTH}`, "make it flatter");
  }

  static tooLarge(): TemplateFault {
    return new TemplateFault("the template makes too much", "let it loop over less");
  }
}

/** A property of a value's own, as a template may see it: nothing of a prototype. */
export function lookup(value: unknown, key: unknown): unknown {
  if (value === null || value === undefined || key === null || key === undefined) return undefined;
  const name = String(key);
  if (typeof value === "string")
    return name === "length" ? value.length : /^\d+$/.test(name) ? value[Number(name)] : undefined;
  if (typeof value !== "object") return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
