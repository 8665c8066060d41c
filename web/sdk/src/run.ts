/** Runs the mod components of a starter brick and reports as its telemetry mode says. */
import type { Client } from "./client";
import { isCancelled } from "./errors";
import { Firsts, type ReportMode, reportMode } from "./modes";
import { uuid } from "./page";
import type { Component } from "./wire";

export interface StarterBrick {
  id: string;
  /** What sets it off: `click`, `load`, `interval`, … Default `load`. */
  trigger?: string;
  reportMode?: ReportMode;
  /** Name of the event that tells of a run. Default `TriggerRun`. */
  event?: string;
  /** Whether errors that may be reported are shown to the user. Default false. */
  showErrors?: boolean;
  /** Shows an error to the user. */
  notify?: (error: unknown) => void;
}

/** One mod component of a starter brick. */
export interface Run<Input, Output> {
  component: Component & { modComponentId: string };
  run: (input: Input, context: { runId: string }) => Output | Promise<Output>;
}

/**
 * Reads once, then runs all components at the same time, each on its own. Rejects only for a telemetry mode that does not
 * exist; what became of each run is in the answer, which is empty when reading failed.
 */
export async function runStarterBrick<Input, Output>(
  client: Client,
  brick: StarterBrick,
  runs: Run<Input, Output>[],
  read: () => Input | Promise<Input>,
): Promise<PromiseSettledResult<Output>[]> {
  const mode = reportMode(brick.reportMode, brick.trigger, client.options.defaultMode);
  const firsts = client.firsts.get(brick.id) ?? new Firsts();
  client.firsts.set(brick.id, firsts);
  let input: Input;
  try {
    input = await read();
  } catch (error) {
    // No component has run yet, so there is nobody to report it for.
    show(client, brick, error);
    return [];
  }
  const runOne = async ({ component, run }: Run<Input, Output>) => {
    const extra = { runId: uuid(), reportMode: mode, component: { starterBrickId: brick.id, ...component } };
    try {
      const output = await run(input, extra);
      if (firsts.event(mode, component.modComponentId)) client.event(brick.event ?? "TriggerRun", {}, extra);
      return output;
    } catch (error) {
      // Nothing went wrong where somebody called it off: the first error is still to come.
      if (!isCancelled(error) && firsts.error(mode, component.modComponentId, brick.trigger, error)) {
        client.error(error, extra.component, extra);
        show(client, brick, error);
      }
      throw error;
    }
  };
  return Promise.allSettled(runs.map(runOne));
}

function show(client: Client, brick: StarterBrick, error: unknown) {
  if (brick.showErrors) client.guard(() => brick.notify?.(error));
}
