/** Expressions of a brick's configuration → values, as version v3 has it: nothing is a template that is not tagged as one. */

import { BusinessError } from "../errors";
import { type BrickConfig, Expression } from "./definition";
import { evaluate } from "./template";

export type Variables = Readonly<Record<string, unknown>>;

/** A `!pipeline` as a brick gets it: it runs with the variables of where it was written. */
export class Pipeline {
  readonly bricks: readonly BrickConfig[];
  readonly variables: Variables;
  /** Where it is in the definition. */
  readonly path: string;

  constructor(bricks: readonly BrickConfig[], variables: Variables, path: string) {
    this.bricks = bricks;
    this.variables = variables;
    this.path = path;
  }
}

/** A `!defer` as a brick gets it: it decides when, and with which variables besides, the value is rendered. */
export class Deferred {
  readonly value: unknown;
  readonly variables: Variables;
  readonly path: string;

  constructor(value: unknown, variables: Variables, path: string) {
    this.value = value;
    this.variables = variables;
    this.path = path;
  }
}

/** An expression cannot be evaluated, which its author can mend; `path` is its place in the definition. */
export class RenderError extends BusinessError {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(String((cause as Error | null)?.message ?? cause), { cause });
    this.path = path;
  }
}

/**
 * The value with every expression in it evaluated. What gives null or undefined is left out of objects.
 *
 * @throws RenderError
 */
export function render(value: unknown, variables: Variables, path: string): unknown {
  if (value instanceof Expression) return rendered(value, variables, path);
  if (Array.isArray(value)) return value.map((item, index) => render(item, variables, `${path}[${index}]`));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, render(item, variables, `${path}.${key}`)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== null && item !== undefined));
}

function rendered({ tag, value }: Expression, variables: Variables, path: string): unknown {
  if (tag === "pipeline") return new Pipeline(value as BrickConfig[], variables, path);
  if (tag === "defer") return new Deferred(value, variables, path);
  try {
    return evaluate(tag, String(value), variables);
  } catch (error) {
    throw new RenderError(path, error);
  }
}
