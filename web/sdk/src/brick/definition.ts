/** A definition: the text as it was written, checked, and made into what the runtime runs. */

import { checkDefinition } from "./check";
import { type Node, type Tag, textOf } from "./node";
import { LIMITS, type Limits, type Problem, Problems } from "./problem";
import { read } from "./read";

/** A tagged value. The value of a pipeline is a list of {@link BrickConfig}. */
export class Expression {
  readonly tag: Tag;
  readonly value: unknown;

  constructor(tag: Tag, value: unknown) {
    this.tag = tag;
    this.value = value;
  }
}

/** A brick in a pipeline. Other properties are allowed and have no effect. */
export interface BrickConfig {
  id: string;
  config?: Record<string, unknown> | null;
  label?: string;
  outputKey?: string;
  if?: unknown;
  /** Of `@pixiebrix/run` only. */
  async?: unknown;
  /** Has no effect; `alert: true` is warned of. */
  onError?: { alert?: unknown } | null;
}

/** A definition that passed the checks. */
export interface Definition {
  apiVersion: "v1" | "v2" | "v3";
  kind: "component";
  metadata: { id: string; version: string; name: string; description?: string };
  inputSchema: Record<string, unknown>;
  outputSchema?: Record<string, unknown>;
  pipeline: BrickConfig[];
  defaultOutputKey?: string;
  /** What {@link check} warned of. */
  warnings: Problem[];
}

/** Everything that is wrong with a definition is in `problems`. */
export class InvalidDefinitionError extends Error {
  override name = "InvalidDefinitionError";
  readonly problems: Problem[];

  constructor(problems: Problem[]) {
    const first = problems.find(({ severity }) => severity === "error");
    const where =
      first === undefined ? "" : `: line ${first.line}, ${first.path || "file"}: ${first.message}; ${first.hint}`;
    super(`Invalid user-defined brick configuration${where}`);
    this.problems = problems;
  }
}

/** What is wrong with a definition, by place in the text: errors and warnings. */
export function check(text: string, limits: Partial<Limits> = {}): Problem[] {
  return checked(text, limits).problems;
}

/**
 * Reads a definition (YAML or JSON) and checks it.
 *
 * @throws InvalidDefinitionError when it has errors; warnings are in what is returned
 */
export function load(text: string, limits: Partial<Limits> = {}): Definition {
  const { root, problems } = checked(text, limits);
  if (root === undefined || problems.some(({ severity }) => severity === "error")) {
    throw new InvalidDefinitionError(problems);
  }
  const definition = plain(root) as unknown as Definition;
  const pipeline: unknown = definition.pipeline;
  const bricks = pipeline instanceof Expression ? (pipeline.value as BrickConfig[]) : definition.pipeline;
  return { ...definition, pipeline: bricks, warnings: problems };
}

function checked(text: string, limits: Partial<Limits>): { root: Node | undefined; problems: Problem[] } {
  const whole = { ...LIMITS, ...limits };
  const problems = new Problems(whole.problems);
  const root = read(text, whole, problems);
  if (root !== undefined) checkDefinition(root, problems);
  return { root, problems: problems.sorted() };
}

/** The values without their places. */
function plain(node: Node): unknown {
  switch (node.kind) {
    case "null":
      return null;
    case "bool":
      return node.bool;
    case "number":
      return node.number;
    case "text":
      return textOf(node);
    case "list":
      return node.items.map(plain);
    case "map":
      // Not by assignment: a key may be `__proto__`.
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
    case "expression":
      return new Expression(node.tag, plain(node.value));
  }
}
