/** Runs bricks and keeps what became of them in a mod variable. */
import type { Client } from "./client";
import { PropError, serialized } from "./errors";
import { uuid } from "./page";
import type { Component } from "./wire";

/** A mod variable of an asynchronous run. `data` is the last result; `currentData` that of the last run alone. */
export interface AsyncState {
  isLoading: boolean;
  isFetching: boolean;
  isSuccess: boolean;
  isError: boolean;
  currentData: unknown;
  data: unknown;
  requestId: string | null;
  error: unknown;
}

export interface AsyncRun {
  /** Name of the mod variable. */
  stateKey: string;
  body: () => unknown;
  /** Where mod variables are. */
  state: { get(key: string): unknown; set(key: string, value: AsyncState): unknown };
  /** `error` reports an error of the run for `component`. Default `never`, as bricks without the field behave. */
  telemetryMode?: "error" | "never";
  component?: Component;
}

const EMPTY: AsyncState = {
  isLoading: false,
  isFetching: false,
  isSuccess: false,
  isError: false,
  currentData: null,
  data: null,
  requestId: null,
  error: null,
};

/**
 * Starts `body` and returns at once. Its result or error goes to the mod variable, unless a later run for the same variable
 * has begun. Throws only for an empty `stateKey`.
 */
export function withAsyncModVariable(client: Client, run: AsyncRun): { requestId: string } {
  if (!run.stateKey) throw new PropError("Mod Variable Name is required");
  const requestId = uuid();
  client.requests.set(run.stateKey, requestId);
  client.guard(() => {
    const before = run.state.get(run.stateKey) as AsyncState | null | undefined;
    const started = { isFetching: true, currentData: null, requestId };
    run.state.set(run.stateKey, { ...EMPTY, isLoading: true, ...before, ...started });
  });
  follow(client, run, requestId);
  return { requestId };
}

async function follow(
  client: Client,
  { stateKey, body, state, telemetryMode, component }: AsyncRun,
  requestId: string,
) {
  let became: Partial<AsyncState>;
  try {
    // What `body` does first must not hold up the caller either.
    await null;
    const data = await body();
    became = { isSuccess: true, data, currentData: data };
  } catch (error) {
    if (telemetryMode === "error") client.error(error, component);
    became = { isError: true, error: serialized(error) };
  }
  if (client.requests.get(stateKey) === requestId) {
    client.guard(() => state.set(stateKey, { ...EMPTY, ...became, requestId }));
  }
}
