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
export { Deferred, Pipeline, RenderError } from "./render";
export {
  type Brick,
  type BrickContext,
  BrickError,
  type Profile,
  type RunOptions,
  type Runtime,
  type RuntimeOptions,
  runtime,
} from "./run";
export type { StoredRecord } from "./writes";
