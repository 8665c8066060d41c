/** The client of one document: what it records, and about whom. */
import { advisor } from "./advice";
import { forget } from "./backlog";
import { type ErrorContext, errorRecord } from "./errors";
import type { DefaultMode, Firsts, ReportMode } from "./modes";
import { isFrame, isRefused, pageUrl, uuid, type Visit, visiting } from "./page";
import { type Queue, queue } from "./queue";
import { buckets, type Throttle } from "./throttle";
import { type Component, componentData, type EventItem } from "./wire";

declare const __SDK_VERSION__: string;

const DEFAULTS = {
  maxItems: 20_000,
  maxBytes: 10 * 1024 * 1024,
  debounceMs: 2_000,
  maxWaitMs: 10_000,
  retryMs: 1_000,
  maxRetryMs: 300_000,
};

export interface User {
  id?: string;
  email?: string;
}

export interface Options {
  /** The server's address, such as `https://lake.example.com`. */
  server: string;
  /** A key with scope `ingest`, bound to this origin. */
  key: string;
  /** Who uses the page; without it the server takes what it knows of the key. */
  user?: User;
  /** The mod or application that events belong to where they name nothing else. */
  context?: Component;
  /** Version of the program around the mod. */
  version?: string;
  versionName?: string;
  /** What an absent telemetry mode means: see `reportMode`. Default `code`. */
  defaultMode?: DefaultMode;
  /** Events of one name that `record` lets through; `false` for all. Default 30 at once and 1 a second. */
  throttle?: Throttle | false;
  /** Whether names and data are looked at, with a warning on the console. Default true. */
  advice?: boolean;
  /** Changes or withholds the page's address before it is recorded. */
  url?: (url: string) => string | undefined;
  /** Whether errors tell the addresses of the page and of failed requests. Default false. */
  errorUrls?: boolean;
  /** False records and stores nothing. Default true; a user's Do Not Track or Global Privacy Control always wins. */
  enabled?: boolean;
  /** Name of the platform in errors. Default `web`, `worker` or `extension`. */
  platform?: string;
  /** Name of the queue. Clients of one origin share it, and the key of the one that sends. Default: the server. */
  queue?: string;
  /** Bound of the queue in events and errors. Default 20,000. */
  maxItems?: number;
  /** Bound of the queue in bytes. Default 10 MiB. */
  maxBytes?: number;
  /** Default 2,000. */
  debounceMs?: number;
  /** Default 10,000. */
  maxWaitMs?: number;
  /** First wait after a failure; the next ones are twice as long each. Default 1,000. */
  retryMs?: number;
  /** Default 300,000. */
  maxRetryMs?: number;
  /** Where warnings go, each once. Default `console.warn`. */
  log?: (message: string) => void;
}

/** Fields of an event beside its name and data. */
export interface Extra {
  runId?: string;
  reportMode?: ReportMode;
  component?: Component;
}

export interface Client {
  readonly options: Readonly<Options>;
  /** The document load that this client is of, and where it is now. */
  visit(): Visit;
  /** May be set when somebody signs in or out. */
  user: User | null | undefined;
  /** Records a custom event. Returns at once and never throws. */
  record(name: string, data?: Record<string, unknown>): void;
  /** Sends an event as it is, without advice and throttle: runs of starter bricks, steps of a mod's life. */
  event(name: string, data?: Record<string, unknown>, extra?: Extra): void;
  /** Sends an error of a mod component; nothing where it belongs to none or was called off. */
  error(error: unknown, context?: ErrorContext, extra?: Extra): void;
  /** Sends what is queued. Resolves when it was tried; what did not go stays queued. Never rejects. */
  flush(): Promise<void>;
  /** Ends the client of a page that goes on without it. What is queued is kept for the next one. */
  close(): void;
  /** Runs work and keeps whatever goes wrong in it away from the page. */
  guard(work: () => unknown): void;
  /** What this page visit has reported, by starter brick. */
  readonly firsts: Map<string, Firsts>;
  /** The last request that may write a mod variable, by its name. */
  readonly requests: Map<string, string>;
}

/** Starts recording. Call it once for each document; it never throws. */
export function init(given?: Options | null): Client {
  const options = given ?? ({} as Options);
  const { server = "", context, queue: name = server } = options;
  const { throttle = { burst: 30, perSecond: 1 }, url: edit = (url: string) => url } = options;
  const told = new Set<string>();
  const advise = options.advice !== false && advisor((message) => say(message));
  const limit = buckets<EventItem>(throttle || { burst: Number.POSITIVE_INFINITY, perSecond: 0 });
  let sends: Queue | undefined;

  const say = (message: string) => {
    if (told.has(message)) return;
    told.add(message);
    try {
      (options.log ?? console.warn)(`modlake: ${message}`);
    } catch {
      // The page's own log failed: there is nobody left to tell.
    }
  };
  const guard = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      say(`not recorded: ${error}`);
    }
  };
  /** The queue, where recording is allowed now. */
  const active = () => (isRefused() ? undefined : sends);

  /** Where and by whom. */
  const around = ({ runId, reportMode }: Extra, withUrl?: boolean) => {
    const { sessionId, navigationId } = client.visit();
    return {
      url: withUrl ? edit(pageUrl()) : undefined,
      email: client.user?.email,
      user_id: client.user?.id,
      session_id: sessionId,
      navigation_id: navigationId,
      is_frame: isFrame(),
      run_id: runId,
      report_mode: reportMode,
    };
  };
  const draft = (event: string, data: object, extra: Extra): EventItem => ({
    id: uuid(),
    event,
    timestamp: Date.now(),
    ...around(extra, true),
    data: {
      ...(extra.component ? componentData(extra.component) : context),
      version: options.version,
      versionName: options.versionName,
      ...data,
    },
  });
  const push = (item: EventItem, held?: number) =>
    active()?.push("events", stringified({ ...item, held_back: held || undefined }));
  const hide = () => {
    limit.release(push);
    active()?.hide();
  };

  const client: Client = {
    options,
    visit: visiting(),
    user: options.user,
    firsts: new Map(),
    requests: new Map(),
    guard,
    record: (name, data) =>
      guard(() => {
        // Named badly, but not lost: a server takes no other names.
        const given = String(name);
        const event = given.slice(0, 255) || "unnamed";
        const attributes: object = Object(data) === data ? (data as object) : { value: data };
        if (advise) advise(given, attributes);
        const item = draft(event, attributes, {});
        const held = limit.take(event, item, item.timestamp);
        if (held !== undefined) push(item, held);
      }),
    event: (name, data = {}, extra = {}) => guard(() => push(draft(name, data, extra))),
    error: (error, within = {}, extra = {}) =>
      guard(() => {
        const record = errorRecord(error, { ...context, ...within }, options);
        if (record) active()?.push("telemetry/errors", stringified({ ...record, ...around(extra, options.errorUrls) }));
      }),
    flush: async () => {
      await sends?.flush();
    },
    close: () =>
      guard(() => {
        hide();
        sends?.stop();
        sends = undefined;
      }),
  };

  /** At the window, where events of the document end up; a worker has its own. */
  const listen = (type: string, work: () => unknown) => globalThis.addEventListener?.(type, () => sends && guard(work));

  guard(() => {
    if (options.enabled === false || isRefused()) return forget(name);
    if (!options.key || !/^https?:/.test(server)) return say("init needs server and key: nothing is recorded");
    const settings = { ...DEFAULTS, ...options, server: server.replace(/\/+$/, ""), version: __SDK_VERSION__ };
    sends = queue(name, settings, say);
    listen("visibilitychange", () => document.hidden && hide());
    listen("prerenderingchange", sends.flush);
    listen("pagehide", hide);
    listen("online", sends.online);
  });
  return client;
}

/** As JSON; what has no form in it, a cycle or a big integer, is told by a text. */
function stringified(item: Record<string, unknown>): string {
  try {
    return JSON.stringify(item);
  } catch {
    const seen = new Set<unknown>();
    return JSON.stringify(item, (_key, value) => {
      if (typeof value === "bigint") return String(value);
      if (seen.has(value)) return "[seen above]";
      if (Object(value) === value) seen.add(value);
      return value;
    });
  }
}
