/** Runs definitions: bricks in order, each with its configuration rendered, their outputs as variables of those behind. */

import type { Client, User } from "../client";
import { BusinessError, ContextError } from "../errors";
import { uuid } from "../page";
import type { Component } from "../wire";
import { BRICKS } from "./bricks";
import type { BrickConfig, Definition } from "./definition";
import { RUN } from "./known";
import { nearest } from "./nearest";
import { type Deferred, Pipeline, RenderError, render, type Variables } from "./render";
import { validate } from "./validate";
import { Writes } from "./writes";

/** What a brick does. One without an output returns nothing. */
export interface Brick {
  /** What its inputs have to be. */
  inputSchema?: Record<string, unknown>;
  run(inputs: Record<string, unknown>, context: BrickContext): unknown;
}

/** What a brick may use. */
export interface BrickContext {
  readonly client: Client;
  readonly component: Component;
  readonly runId: string;
  readonly writes: Writes;
  readonly profile: Profile | undefined;
  /** Runs a pipeline that the brick was given, with its own variables and these (named with their `@`). */
  run(pipeline: Pipeline, variables?: Variables): Promise<unknown>;
  /** Renders a value that the brick was given with `!defer`. */
  render(deferred: Deferred, variables?: Variables): unknown;
  /** Tells of an error that nobody waits for. */
  report(error: unknown): void;
}

/** Who is signed in. */
export interface Profile {
  /** UUID. */
  user: string;
  email?: string;
  groups?: { id: string; name: string }[];
  organizations?: { id: string; name: string }[];
}

export interface RuntimeOptions {
  /** Bricks beside those of the SDK, by their id. */
  bricks?: Readonly<Record<string, Brick>>;
  /** Definitions that pipelines may use by their id. */
  definitions?: readonly Definition[];
  /** Who is signed in; without it what `client.user` says. */
  profile?: () => Profile | undefined;
  /** How long `@pixiebrix/data/put` waits for the server, in ms; the write is kept beyond it. Default 30,000. */
  acknowledgeMs?: number;
}

/** Which mod component runs, for run metadata and error telemetry. */
export interface RunOptions {
  component?: Component;
  runId?: string;
}

/** What went wrong in a brick: its context names the brick and its step, outer ones before inner ones. */
export class BrickError extends ContextError {
  readonly brickId: string;
  /** Of the innermost brick in its definition, such as `pipeline[0].config.body[3]`. */
  readonly path: string;

  constructor(cause: unknown, brickId: string, path: string, stepLabel: string, brickVersion: string | undefined) {
    super(cause, { brickId, stepLabel, ...(brickVersion === undefined ? {} : { brickVersion }) });
    this.brickId = brickId;
    this.path = cause instanceof BrickError || cause instanceof RenderError ? cause.path : path;
  }
}

export interface Runtime {
  /**
   * Runs a definition with inputs. Resolves with the output of its last brick.
   *
   * @throws BrickError around what went wrong: a `BusinessError` for inputs that a schema does not take, whatever a brick throws
   */
  run(definition: Definition, inputs: Record<string, unknown>, options?: RunOptions): Promise<unknown>;
  /** A pipeline to hand to a definition as an input: it runs with these variables and not with the definition's. */
  pipeline(bricks: readonly BrickConfig[], variables?: Variables): Pipeline;
  /** Ends sending; what is not acknowledged is kept for the next page. */
  close(): void;
}

/** Definitions and pipelines within each other: a brick may use itself. */
const MAX_DEPTH = 32;

/** Starts a runtime, which sends first what earlier pages wrote and did not see acknowledged. */
export function runtime(client: Client, options: RuntimeOptions = {}): Runtime {
  const { server, key, retryMs, maxRetryMs, log = console.warn } = client.options;
  const { acknowledgeMs } = options;
  const say = (message: string) => client.guard(() => log(`modlake: ${message}`));
  const writes = new Writes({ server: server.replace(/\/+$/, ""), key, retryMs, maxRetryMs, acknowledgeMs, say });
  writes.resume();
  const house = { client, options, writes, say, told: new Set<string>() };
  return {
    run: (definition, inputs, { component = {}, runId = uuid() } = {}) =>
      new Runner(house, component, runId).definition(definition, inputs, 0),
    pipeline: (bricks, variables = {}) => new Pipeline(bricks, variables, "pipeline"),
    close: () => writes.close(),
  };
}

interface House {
  client: Client;
  options: RuntimeOptions;
  writes: Writes;
  say(message: string): void;
  /** What was said once already. */
  told: Set<string>;
}

class Runner {
  readonly #house: House;
  readonly #component: Component;
  readonly #runId: string;

  constructor(house: House, component: Component, runId: string) {
    this.#house = house;
    this.#component = component;
    this.#runId = runId;
  }

  /** A definition sees its inputs and nothing of its caller's variables. */
  async definition(definition: Definition, inputs: Record<string, unknown>, depth: number): Promise<unknown> {
    const { metadata, apiVersion, inputSchema, pipeline } = definition;
    try {
      if (apiVersion !== "v3") throw new BusinessError(`definitions of ${apiVersion} are not run: set apiVersion: v3`);
      expectInputs(inputSchema, inputs);
      const variables = { "@input": inputs, "@options": {} };
      return await this.#pipeline(new Pipeline(pipeline, variables, "pipeline"), {}, depth);
    } catch (error) {
      throw new BrickError(error, metadata.id, "", metadata.name, metadata.version);
    }
  }

  async #pipeline(pipeline: Pipeline, more: Variables, depth: number): Promise<unknown> {
    if (depth >= MAX_DEPTH) throw new BusinessError(`bricks run within each other deeper than ${MAX_DEPTH}`);
    const variables: Record<string, unknown> = { ...pipeline.variables, ...more };
    let output: unknown;
    for (const [index, item] of pipeline.bricks.entries()) {
      const path = `${pipeline.path}[${index}]`;
      try {
        if (item.if !== undefined && !isOn(render(item.if, variables, `${path}.if`))) continue;
        output = await this.#brick(item, variables, path, depth);
      } catch (error) {
        throw new BrickError(error, item.id, path, item.label ?? item.id, undefined);
      }
      if (item.outputKey !== undefined) variables[`@${item.outputKey}`] = output;
    }
    return output;
  }

  async #brick(item: BrickConfig, variables: Variables, path: string, depth: number): Promise<unknown> {
    if (item.onError?.alert === true) this.#warn(`brick ${item.id}: onError.alert has no effect, nobody is alerted`);
    const isBeside = item.id === RUN && item.async !== undefined;
    const config = isBeside ? { async: item.async, ...item.config } : item.config;
    const inputs = render(config ?? {}, variables, `${path}.config`) as Record<string, unknown>;
    const { bricks = {}, definitions = [] } = this.#house.options;
    const own = Object.hasOwn(bricks, item.id) ? bricks[item.id] : undefined;
    const brick = own ?? (Object.hasOwn(BRICKS, item.id) ? BRICKS[item.id] : undefined);
    if (brick !== undefined) {
      expectInputs(brick.inputSchema, inputs);
      return brick.run(inputs, this.#context(depth));
    }
    const definition = definitions.find(({ metadata }) => metadata.id === item.id);
    if (definition !== undefined) return this.definition(definition, inputs, depth + 1);
    const known = [...Object.keys(BRICKS), ...Object.keys(bricks), ...definitions.map(({ metadata }) => metadata.id)];
    const meant = nearest(item.id, known);
    throw new BusinessError(`there is no brick ${item.id}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
  }

  #context(depth: number): BrickContext {
    const { client, options, writes } = this.#house;
    return {
      client,
      writes,
      component: this.#component,
      runId: this.#runId,
      profile: options.profile === undefined ? profileOf(client.user) : options.profile(),
      run: (pipeline, variables = {}) => this.#pipeline(pipeline, variables, depth + 1),
      render: ({ value, variables, path }, more = {}) => render(value, { ...variables, ...more }, path),
      report: (error) => this.#report(error),
    };
  }

  #warn(message: string): void {
    const { told, say } = this.#house;
    if (!told.has(message)) say(message);
    told.add(message);
  }

  #report(error: unknown): void {
    const { client } = this.#house;
    client.error(error, this.#component, { runId: this.#runId, component: this.#component });
    // Error telemetry is of mod components; of a run without one nobody would hear.
    if (this.#component.modComponentId !== undefined) return;
    const where = error instanceof BrickError ? `${error.brickId} at ${error.path}: ` : "";
    this.#house.say(`brick ${where}${(error as Error | null)?.message}`);
  }
}

function profileOf(user: User | null | undefined): Profile | undefined {
  const { id, email } = user ?? {};
  if (id === undefined) return undefined;
  return email === undefined ? { user: id } : { user: id, email };
}

function expectInputs(schema: Record<string, unknown> | undefined, inputs: Record<string, unknown>): void {
  const violations = schema === undefined ? [] : validate(schema, inputs);
  if (violations.length === 0) return;
  const told = violations.map(({ path, message }) => `${path || "the input"} ${message}`);
  throw new BusinessError(`the input does not fit the brick's schema: ${told.join("; ")}`);
}

/** Of an `if`: texts that say yes, numbers but 0, true; of other values whether there is one. */
function isOn(value: unknown): boolean {
  if (typeof value === "string") return ["true", "t", "yes", "y", "on", "1"].includes(value.trim().toLowerCase());
  return Boolean(value);
}
