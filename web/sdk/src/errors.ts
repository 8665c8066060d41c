/** Errors of mods, and the record that tells of one. */
import type { Options } from "./client";
import { place, uuid } from "./page";
import type { Component } from "./wire";

/** An error that the author of a mod can mend: a wrong setting, a page without the element looked for. */
export class BusinessError extends Error {
  override name = "BusinessError";
}

/** A value of a brick's input that cannot be. */
export class PropError extends BusinessError {
  override name = "PropError";
}

/** The user changed their mind. Never reported. */
export class CancelError extends BusinessError {
  override name = "CancelError";
}

/** What was running when an error came up. Where several enclose one another, the outer one's values win. */
export interface ErrorContext extends Component {
  stepLabel?: string;
  brickId?: string;
  brickVersion?: string;
  serviceId?: string;
  serviceVersion?: string;
  organization?: string;
}

/** Wraps an error to tell what was running. */
export class ContextError extends Error {
  override name = "ContextError";
  constructor(
    cause: unknown,
    readonly context: ErrorContext,
  ) {
    super(String((cause as Thrown | null)?.message ?? cause), { cause });
  }
}

/** One item of `POST /api/telemetry/errors/`; fields without a value are `undefined`, which JSON leaves out: readers refuse nulls. */
export interface ErrorRecord {
  uuid: string;
  class_name: string;
  message: string;
  is_application_error: boolean;
  timestamp: string;
  extension_uuid: string;
  user_agent: string;
  platform_name: string;
  error_data: Record<string, unknown>;
  [field: string]: unknown;
}

const MAX_NAME = 255;
const MAX_TEXT = 16_384;

/** What is read of a thrown value, which may be anything. */
type Thrown = Partial<Record<"name" | "message" | "stack" | "code" | "cause" | "context" | "url", unknown>>;

/** The error and its causes, outermost first and at least one; a chain that bites its tail ends. */
function chainOf(error: unknown): Thrown[] {
  const chain: Thrown[] = [];
  // Anything may be thrown, even nothing.
  let at: Thrown | null | undefined = error == null ? { message: String(error) } : (error as Thrown);
  while (at != null && !chain.includes(at)) {
    chain.push(at);
    at = at.cause as Thrown;
  }
  return chain;
}

/** Whether somebody called it off: nothing went wrong. */
export function isCancelled(error: unknown): boolean {
  return chainOf(error).some((at) => /^(CancelError|RequestSupersededError)$/.test(String(at.name)));
}

export function contextOf(error: unknown): ErrorContext {
  const contexts = chainOf(error).map((at) => at.context);
  return Object.assign({}, ...contexts.reverse());
}

interface Serialized {
  name: string;
  message: string;
  stack?: unknown;
  code?: unknown;
  cause?: Serialized | undefined;
}

/** An error as plain data, its causes within it. */
export function serialized(error: unknown): Serialized {
  const [first, ...causes] = chainOf(error).map(
    (at): Serialized => ({
      name: String(at.name ?? "Error").slice(0, MAX_NAME),
      message: String(at.message ?? (Object(at) === at ? "" : at)).slice(0, MAX_TEXT),
      stack: at.stack && String(at.stack).slice(0, MAX_TEXT),
      code: at.code,
    }),
  );
  causes.reduce((above, cause) => (above.cause = cause), first as Serialized);
  return first as Serialized;
}

/** The record of an error, or nothing where none is to be sent: it belongs to no mod component, or was called off. */
export function errorRecord(
  error: unknown,
  component: ErrorContext,
  options: Pick<Options, "version" | "versionName" | "errorUrls" | "platform">,
): ErrorRecord | undefined {
  const context: ErrorContext = { ...contextOf(error), ...component };
  if (!context.modComponentId || isCancelled(error)) return;
  const chain = chainOf(error);
  const { message, ...data } = serialized(chain.find((at) => at.name !== "ContextError") ?? error);
  return {
    uuid: uuid(),
    class_name: data.name,
    message,
    // Errors cross frames and bundles, where `instanceof` no longer holds: the name does.
    is_application_error: !chain.some((at) => at instanceof BusinessError || at.name === "BusinessError"),
    timestamp: new Date().toISOString(),
    extension_uuid: context.modComponentId,
    extension_label: context.label,
    step_label: context.stepLabel,
    organization: context.organization,
    deployment: context.deploymentId,
    blueprint_version: packaged(context.modId, context.modVersion),
    brick_version: packaged(context.brickId, context.brickVersion),
    service_version: packaged(context.serviceId, context.serviceVersion),
    user_agent: globalThis.navigator?.userAgent ?? "",
    user_agent_extension_version: options.version,
    user_agent_extension_full_version: options.versionName,
    platform_name: options.platform ?? place(),
    error_data: { ...data, url: options.errorUrls ? chain.find((at) => at.url)?.url : undefined },
  };
}

function packaged(id?: string, number?: string) {
  return id ? { id, version: number } : undefined;
}
