/** Definitions of bricks: check them and run them. See docs/bricks.md. */

export {
  type BrickConfig,
  check,
  type Definition,
  Expression,
  InvalidDefinitionError,
  load,
} from "./definition";
export type { Code, Limits, Problem, Severity } from "./problem";
