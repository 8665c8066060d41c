import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BrickContext, RuntimeOptions } from "../../src/brick";
import { type BrickConfig, BrickError, type Definition, Expression, load, runtime } from "../../src/brick";
import { Writes } from "../../src/brick/writes";
import { waitFor } from "../server";
import { type Client, contextOf, init, type Options } from "./sdk";

const SEED = readFileSync(join(import.meta.dirname, "../../../../fixtures/bricks/telemetry-record.yaml"), "utf8");
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Request {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

let requests: Request[] = [];
let answer: (request: Request) => Response | Error;
const clients: Client[] = [];
let servers = 0;

const stored = ({ body }: Request) =>
  Response.json({ id: body.id, data: body.data, created_at: "2026-11-21T10:00:00Z" });

beforeEach(() => {
  requests = [];
  answer = stored;
  vi.stubGlobal("fetch", async (url: string, { method = "GET", headers, body }: RequestInit) => {
    const request = { method, url, headers: headers as Record<string, string>, body: JSON.parse(String(body ?? "{}")) };
    requests.push(request);
    const answered = answer(request);
    if (answered instanceof Error) throw answered;
    return answered;
  });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function started(options: RuntimeOptions = {}, of: Partial<Options> = {}) {
  servers += 1;
  const server = `https://lake-${servers}.example.com`;
  const user = { id: "0b5f7a52-0000-4000-8000-000000000001", email: "ada@example.com" };
  const client = init({ server: `${server}/`, key: "ml_key", user, retryMs: 1, log: () => {}, ...of });
  clients.push(client);
  return { client, server, ...runtime(client, options) };
}

const variable = (path: string) => new Expression("var", path);
const pipelineOf = (...bricks: BrickConfig[]) => new Expression("pipeline", bricks);

/** A definition whose inputs may be anything. */
function definition(...pipeline: BrickConfig[]): Definition {
  const metadata = { id: "@acme/test", version: "1.2.3", name: "Test" };
  return { apiVersion: "v3", kind: "component", metadata, inputSchema: {}, pipeline, warnings: [] };
}

/** A brick that gives what it was given. */
const echo = { run: (inputs: Record<string, unknown>) => inputs };
const given = (config: Record<string, unknown>, inputs: Record<string, unknown> = {}) =>
  started({ bricks: { echo } }).run(definition({ id: "echo", config }), inputs);

describe("the published definition", () => {
  const inputs = {
    pixiebrix: { id: "@pixiebrix/api" },
    databaseId: "9f4d5b0e-0000-4000-8000-000000000000",
    eventName: "Case closed",
    data: { case: "A-17", seconds: 31, nothing: null },
  };

  it("does not block and puts its record", async () => {
    const { run, server } = started();
    const running = run(load(SEED), inputs);
    expect(requests).toEqual([]);
    expect(await running).toEqual({});
    await waitFor(() => expect(requests).toHaveLength(1));
    const [request] = requests;
    const { id, data, write_id, ...rest } = request?.body ?? {};
    expect(request).toMatchObject({ method: "PUT", url: `${server}/api/databases/${inputs.databaseId}/records/` });
    expect(request?.headers).toMatchObject({
      accept: "application/json; version=2.0",
      authorization: "Bearer ml_key",
      "content-type": "application/json",
    });
    const { timestamp } = data as { timestamp: string };
    expect(timestamp).toMatch(ISO);
    expect(id).toBe(`ada@example.com-${timestamp}`);
    expect(data).toEqual({
      url: "",
      email: "ada@example.com",
      timestamp,
      event: "Case closed",
      data: { case: "A-17", seconds: 31, nothing: null },
    });
    expect(write_id).toMatch(UUID);
    expect(rest).toEqual({ merge_strategy: "replace", on_conflict: "next_millisecond" });
  });

  it("refuses inputs that its schema does not take, before anything is sent", async () => {
    const { run } = started();
    const failed = run(load(SEED), { ...inputs, eventName: 5, databaseId: undefined });
    await expect(failed).rejects.toThrow("eventName is number, not string");
    await expect(run(load(SEED), { ...inputs, data: "text" })).rejects.toThrow("data is string, not object");
    expect(requests).toEqual([]);
  });

  it("tells the SDK of what goes wrong behind the mod's back", async () => {
    answer = () => Response.json({ detail: "Not found." }, { status: 404 });
    const { run, client } = started();
    const error = vi.spyOn(client, "error");
    const component = { modComponentId: "0b5f7a52-0000-4000-8000-000000000002" };
    expect(await run(load(SEED), inputs, { component })).toEqual({});
    await waitFor(() => expect(error).toHaveBeenCalled());
    const [told, context] = error.mock.calls[0] ?? [];
    expect(told).toBeInstanceOf(BrickError);
    expect(told).toMatchObject({
      brickId: "@pixiebrix/data/put",
      path: "pipeline[0].config.body[3]",
      message:
        "the record was not written: 404 Not found.; " +
        "check databaseId: the id (a UUID) of a database, not its name; `GET /api/databases/` lists both",
    });
    expect(context).toBe(component);
  });
});

describe("a run of no mod component", () => {
  it("warns of what goes wrong behind the mod's back", async () => {
    answer = () => Response.json({ detail: "Not found." }, { status: 404 });
    const log = vi.fn();
    const { run } = started({}, { log });
    const put = { id: "@pixiebrix/data/put", config: { databaseId: "d", key: "k", value: {} } };
    await run(definition({ id: "@pixiebrix/run", async: true, config: { body: pipelineOf(put) } }), {});
    await waitFor(() => expect(log).toHaveBeenCalled());
    expect(log).toHaveBeenCalledWith(
      "modlake: brick @pixiebrix/data/put at pipeline[0].config.body[0]: " +
        "the record was not written: 404 Not found.; " +
        "check databaseId: the id (a UUID) of a database, not its name; `GET /api/databases/` lists both",
    );
  });
});

describe("onError.alert", () => {
  it("is said once to have no effect", async () => {
    const log = vi.fn();
    const { run } = started({ bricks: { echo } }, { log });
    const twice = definition(
      { id: "echo", onError: { alert: true } },
      { id: "echo", onError: { alert: true } },
      { id: "echo", onError: { alert: false } },
    );
    await run(twice, {});
    expect(log.mock.calls).toEqual([["modlake: brick echo: onError.alert has no effect, nobody is alerted"]]);
  });
});

describe("rendering", () => {
  it("keeps types, leaves out what is not there, and takes no text for a template", async () => {
    const inputs = { list: [1, { a: true }], none: null, name: "Ada" };
    const config = {
      list: variable("@input.list"),
      none: variable("@input.none"),
      missing: variable("@input.missing"),
      literal: null,
      plain: "{{ @input.name }} @input.name",
      nested: { deep: [variable("@input.name"), { gone: variable("@input.none") }] },
      nunjucks: new Expression("nunjucks", "{{ @input.name | upper }} <&>"),
      mustache: new Expression("mustache", "{{ @input.name }} <&>"),
      handlebars: new Expression("handlebars", "{{#if @input.name}}yes{{/if}}"),
    };
    expect(await given(config, inputs)).toEqual({
      list: [1, { a: true }],
      plain: "{{ @input.name }} @input.name",
      nested: { deep: ["Ada", {}] },
      nunjucks: "ADA <&>",
      mustache: "Ada <&>",
      handlebars: "yes",
    });
  });

  it("names the place of an expression that fails", async () => {
    const failed = given({ a: { b: [1, variable("@input.x.y")] } });
    await expect(failed).rejects.toMatchObject({ path: "pipeline[0].config.a.b[1]", brickId: "@acme/test" });
    await expect(failed).rejects.toThrow("`@input.x.y`: `x` is not defined");
  });

  it("leaves !pipeline and !defer to the brick", async () => {
    const later = {
      run: async ({ body, value }: Record<string, unknown>, context: BrickContext) => [
        await context.run(body as never, { "@element": 1 }),
        context.render(value as never, { "@element": 2 }),
      ],
    };
    const { run } = started({ bricks: { echo, later } });
    const body = pipelineOf({ id: "echo", config: { a: variable("@input.x"), b: variable("@element") } });
    const value = new Expression("defer", { a: variable("@input.x"), b: variable("@element") });
    expect(await run(definition({ id: "later", config: { body, value } }), { x: 5 })).toEqual([
      { a: 5, b: 1 },
      { a: 5, b: 2 },
    ]);
  });
});

describe("running", () => {
  it("hands outputs on and gives the last one", async () => {
    const { run } = started({ bricks: { echo } });
    const first = { id: "echo", config: { n: 1 }, outputKey: "first-one" };
    const second = {
      id: "echo",
      config: { n: variable("@first-one.n"), t: new Expression("nunjucks", "{{ @first_one.n }}") },
    };
    expect(await run(definition(first, { ...second, outputKey: "second" }), {})).toEqual({ n: 1, t: "1" });
  });

  it("shows a definition its inputs and options and nothing of its caller", async () => {
    const seen: unknown[] = [];
    const look = { run: (inputs: Record<string, unknown>) => void seen.push(inputs) };
    const inner = {
      ...definition({ id: "look", config: { outer: variable("@outer?"), options: variable("@options") } }),
    };
    inner.metadata = { ...inner.metadata, id: "@acme/inner" };
    const { run } = started({ bricks: { echo, look }, definitions: [inner] });
    await run(definition({ id: "echo", config: {}, outputKey: "outer" }, { id: "@acme/inner", config: {} }), {});
    expect(seen).toEqual([{ options: {} }]);
  });

  it("runs a pipeline that was handed in with the variables of its caller", async () => {
    const { run, pipeline } = started({ bricks: { echo } });
    const body = pipeline([{ id: "echo", config: { mine: variable("@mine"), input: variable("@input?.body") } }], {
      "@mine": 7,
    });
    const outer = definition({ id: "@pixiebrix/run", config: { body: variable("@input.body") } });
    expect(await run(outer, { body })).toEqual({ mine: 7 });
  });

  it.each([
    [true, 1],
    ["yes", 1],
    ["false", 0],
    [0, 0],
    [null, 0],
    [variable("@input.on"), 1],
    [new Expression("nunjucks", "{{ @input.on }}"), 1],
  ])("heeds if: %j", async (condition, runs) => {
    const count = vi.fn(() => 1);
    const { run } = started({ bricks: { count: { run: count } } });
    await run(definition({ id: "count", if: condition }), { on: true });
    expect(count).toHaveBeenCalledTimes(runs);
  });

  it("names a brick that there is not, and the nearest that there is", async () => {
    const failed = started().run(definition({ id: "@pixiebrix/timestmp" }), {});
    await expect(failed).rejects.toThrow("there is no brick @pixiebrix/timestmp; did you mean @pixiebrix/timestamp?");
  });

  it("refuses v1 and v2 and a definition that uses itself without end", async () => {
    await expect(started().run({ ...definition(), apiVersion: "v2" }, {})).rejects.toThrow(
      "definitions of v2 are not run",
    );
    const itself = definition({ id: "@acme/test", config: {} });
    await expect(started({ definitions: [itself] }).run(itself, {})).rejects.toThrow("deeper than 32");
  });

  it("gives error telemetry the outer brick and its version", async () => {
    const fails = { run: () => Promise.reject(new TypeError("no")) };
    const { run } = started({ bricks: { fails } });
    const body = pipelineOf({ id: "fails", label: "Look it up" });
    const error = await run(definition({ id: "@pixiebrix/run", label: "All of it", config: { body } }), {}).catch(
      (error) => error,
    );
    expect(error).toBeInstanceOf(BrickError);
    expect(error).toMatchObject({ path: "pipeline[0].config.body[0]", message: "no" });
    expect(contextOf(error)).toEqual({ brickId: "@acme/test", brickVersion: "1.2.3", stepLabel: "Test" });
    const { cause } = error as Error;
    expect(cause).toMatchObject({ brickId: "@pixiebrix/run", context: { stepLabel: "All of it" } });
    expect((cause as Error).cause).toMatchObject({ brickId: "fails", context: { stepLabel: "Look it up" } });
  });
});

describe("what the author of a mod can mend", () => {
  // The bundle of bricks has classes of its own: the core knows their errors by name.
  const named = (error: unknown): unknown[] => (error instanceof Error ? [error.name, ...named(error.cause)] : []);

  it.each([
    ["an input that does not fit", { ...definition(), inputSchema: { required: ["x"] } }],
    ["an expression without a value", definition({ id: "echo", config: { x: variable("@nobody") } })],
    ["a brick that there is not", definition({ id: "@acme/none" })],
  ])("%s is a BusinessError", async (_what, of) => {
    const error = await started({ bricks: { echo } })
      .run(of, {})
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(BrickError);
    expect(named(error)).toContain("BusinessError");
  });
});

describe("@pixiebrix/run", () => {
  const body = pipelineOf({ id: "echo", config: { n: 1 }, outputKey: "kept" });

  it("waits for its body and gives its last output", async () => {
    expect(await started({ bricks: { echo } }).run(definition({ id: "@pixiebrix/run", config: { body } }), {})).toEqual(
      { n: 1 },
    );
  });

  it.each([
    ["beside the config", { id: "@pixiebrix/run", async: true, config: { body } }],
    ["inside the config", { id: "@pixiebrix/run", config: { body, async: true } }],
    ["as an expression", { id: "@pixiebrix/run", async: variable("@input.on"), config: { body } }],
  ])("does not wait with async %s", async (_where, brick) => {
    let ran = false;
    const slow = {
      run: () =>
        new Promise((resolve) => setTimeout(resolve, 5)).then(() => {
          ran = true;
        }),
    };
    const { run } = started({ bricks: { echo: slow } });
    expect(await run(definition(brick), { on: true })).toEqual({});
    expect(ran).toBe(false);
    await waitFor(() => expect(ran).toBe(true));
  });

  it("wants a pipeline", async () => {
    const failed = started().run(definition({ id: "@pixiebrix/run", config: { body: [] } }), {});
    await expect(failed).rejects.toThrow("write `!pipeline`");
  });
});

describe("context bricks", () => {
  const only = (id: string, options: RuntimeOptions = {}, of: Partial<Options> = {}) =>
    started(options, of).run(definition({ id, config: {} }), {}, { runId: "r1" }) as Promise<Record<string, unknown>>;

  it("@pixiebrix/timestamp", async () => {
    const { timestamp, epochMillis, ...rest } = await only("@pixiebrix/timestamp");
    expect(timestamp).toMatch(ISO);
    expect(new Date(String(timestamp)).getTime()).toBe(epochMillis);
    expect(rest).toEqual({});
  });

  it("@pixiebrix/document-context", async () => {
    vi.stubGlobal("location", { href: "https://crm.example.com/case?id=5" });
    vi.stubGlobal("document", { title: "Case 5" });
    const context = await only("@pixiebrix/document-context", {}, { url: (url) => url.replace(/\?.*/, "") });
    const { timestamp, ...rest } = context;
    expect(timestamp).toMatch(ISO);
    expect(rest).toEqual({ url: "https://crm.example.com/case", title: "Case 5", isFrame: false });
  });

  it("@pixiebrix/profile", async () => {
    const user = "0b5f7a52-0000-4000-8000-000000000001";
    expect(await only("@pixiebrix/profile")).toEqual({ user, email: "ada@example.com", groups: [], organizations: [] });
    const groups = [{ id: "g", name: "Support" }];
    expect(await only("@pixiebrix/profile", { profile: () => ({ user, groups }) })).toEqual({
      user,
      email: "",
      groups,
      organizations: [],
    });
    await expect(only("@pixiebrix/profile", {}, { user: {} })).rejects.toThrow("User is not authenticated");
  });

  it("@pixiebrix/session", async () => {
    const { client, run } = started();
    const session = (await run(definition({ id: "@pixiebrix/session" }), {})) as Record<string, unknown>;
    const { sessionId, navigationId } = client.visit();
    expect(session).toEqual({
      sessionId,
      navigationId,
      sessionTimestamp: expect.stringMatching(ISO),
      navigationTimestamp: expect.stringMatching(ISO),
      user: "0b5f7a52-0000-4000-8000-000000000001",
      email: "ada@example.com",
    });
  });

  it("@pixiebrix/reflect/run-metadata", async () => {
    const nothing = { modComponentId: null, runId: "r1", mod: null, deploymentId: null };
    expect(await only("@pixiebrix/reflect/run-metadata")).toEqual(nothing);
    const component = { modComponentId: "c1", modId: "@acme/mod", modVersion: "2.0.0", deploymentId: "d1" };
    const { run } = started();
    expect(await run(definition({ id: "@pixiebrix/reflect/run-metadata" }), {}, { component, runId: "r2" })).toEqual({
      modComponentId: "c1",
      runId: "r2",
      mod: { id: "@acme/mod", version: "2.0.0" },
      deploymentId: "d1",
    });
  });
});

describe("@pixiebrix/telemetry", () => {
  it("sends CustomUserEvent with the name within the data", async () => {
    const { client, run } = started();
    const event = vi.spyOn(client, "event");
    const config = { eventName: "Case closed", data: { seconds: 31 } };
    const component = { modComponentId: "c1" };
    expect(
      await run(definition({ id: "@pixiebrix/telemetry", config }), {}, { component, runId: "r1" }),
    ).toBeUndefined();
    const data = { $eventName: "Case closed", seconds: 31 };
    expect(event).toHaveBeenCalledWith("CustomUserEvent", data, { component, runId: "r1" });
  });

  it("refuses data with a $eventName of its own", async () => {
    const config = { eventName: "x", data: { $eventName: "y" } };
    await expect(started().run(definition({ id: "@pixiebrix/telemetry", config }), {})).rejects.toThrow("$eventName");
  });
});

describe("@pixiebrix/data/put", () => {
  const put = (config: Record<string, unknown>): BrickConfig => ({
    id: "@pixiebrix/data/put",
    config: { databaseId: "db/1", key: "k", value: { n: 1 }, ...config },
  });

  it("gives the record as the server has it", async () => {
    const { run, server } = started();
    expect(await run(definition(put({ mergeStrategy: "deep" })), {})).toEqual({
      id: "k",
      data: { n: 1 },
      created_at: "2026-11-21T10:00:00Z",
    });
    expect(requests[0]?.url).toBe(`${server}/api/databases/db%2F1/records/`);
    expect(requests[0]?.body).toEqual({
      id: "k",
      data: { n: 1 },
      merge_strategy: "deep",
      write_id: expect.stringMatching(UUID),
    });
  });

  it("asks for the next millisecond only where a replaced key ends with one", async () => {
    const key = "ada-2026-11-21T10:00:00.123Z";
    const { run } = started();
    await run(definition(put({ key })), {});
    await run(definition(put({ key, mergeStrategy: "shallow" })), {});
    await run(definition(put({ key: "ada-2026-11-21T10:00:00Z" })), {});
    expect(requests.map(({ body }) => body.on_conflict)).toEqual(["next_millisecond", undefined, undefined]);
  });

  it("goes on under the same write_id until it is acknowledged", async () => {
    const answers = [new TypeError("no network"), new Response("", { status: 503 }), new Response("", { status: 429 })];
    answer = (request) => answers.shift() ?? stored(request);
    expect(await started().run(definition(put({})), {})).toMatchObject({ id: "k" });
    expect(requests).toHaveLength(4);
    expect(new Set(requests.map(({ body }) => body.write_id)).size).toBe(1);
  });

  it.each([400, 401, 403, 404, 413])("ends where the server refuses for good: %i", async (status) => {
    answer = () => Response.json({ data: ["is too large"] }, { status });
    const failed = started().run(definition(put({})), {});
    await expect(failed).rejects.toThrow(`the record was not written: ${status} {"data":["is too large"]}`);
    expect(requests).toHaveLength(1);
  });

  it("keeps what is not acknowledged for the next page, under the same write_id", async () => {
    answer = () => new TypeError("no network");
    const first = started({ acknowledgeMs: 20 }, { retryMs: 10_000 });
    // The mod goes on with the record as it was written.
    expect(await first.run(definition(put({})), {})).toEqual({ id: "k", data: { n: 1 } });
    first.close();
    const id = requests[0]?.body.write_id;
    requests = [];
    answer = stored;
    // A page leaves what another one may still send alone for a while.
    await new Writes({ server: first.server, key: "ml_key" }).resume();
    expect(requests).toEqual([]);
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 60_000);
    const later = init({ server: first.server, key: "ml_key", log: () => {} });
    clients.push(later);
    runtime(later);
    await waitFor(() => expect(requests.map(({ body }) => body.write_id)).toEqual([id]));
  });

  it("sends what a page left that was loaded again at once, when it is old enough", async () => {
    answer = () => new TypeError("no network");
    const first = started({ acknowledgeMs: 1 }, { retryMs: 10_000 });
    await first.run(definition(put({})), {});
    first.close();
    requests = [];
    answer = stored;
    // The wait for it to be old goes by at once.
    const { setTimeout } = globalThis;
    const now = Date.now();
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, ms: number) => {
      if (ms === 15_000) vi.spyOn(Date, "now").mockReturnValue(now + 16_000);
      return setTimeout(work, ms === 15_000 ? 0 : ms);
    }) as never);
    const next = new Writes({ server: first.server, key: "ml_key" });
    await next.resume();
    await waitFor(() => expect(requests).toHaveLength(1));
    next.close();
  });

  it("goes on with what an earlier page left when the server is back", async () => {
    answer = () => new TypeError("no network");
    const first = started({ acknowledgeMs: 1 }, { retryMs: 10_000 });
    await first.run(definition(put({})), {});
    first.close();
    requests = [];
    answer = (request) => (requests.length < 3 ? new Response(null, { status: 503 }) : stored(request));
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 60_000);
    const next = new Writes({ server: first.server, key: "ml_key", retryMs: 1 });
    await next.resume();
    await waitFor(() => expect(requests).toHaveLength(3));
    next.close();
  });

  it("is sent from memory where a page may not even ask for IndexedDB", async () => {
    const { indexedDB } = globalThis;
    Object.defineProperty(globalThis, "indexedDB", {
      configurable: true,
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
    try {
      expect(await started().run(definition(put({})), {})).toMatchObject({ id: "k" });
    } finally {
      Object.defineProperty(globalThis, "indexedDB", { configurable: true, writable: true, value: indexedDB });
    }
  });

  it.each([{ key: "" }, { value: "text" }, { mergeStrategy: "merge" }, { databaseId: 5 }])(
    "refuses %j",
    async (config) => {
      await expect(started().run(definition(put(config)), {})).rejects.toThrow("does not fit the brick's schema");
      expect(requests).toEqual([]);
    },
  );
});

describe("@pixiebrix/data/get", () => {
  const get = (config: object = {}) =>
    definition({ id: "@pixiebrix/data/get", config: { databaseId: "d", key: "a/b c", ...config } });

  it("gives the data of the record", async () => {
    answer = () => Response.json({ id: "a/b c", data: { n: 1 } });
    const { run, server } = started();
    expect(await run(get(), {})).toEqual({ n: 1 });
    expect(requests[0]).toMatchObject({ method: "GET", url: `${server}/api/databases/d/records/a%2Fb%20c/` });
  });

  it("says that there is none, or gives nothing where that was asked for", async () => {
    answer = () => Response.json({ detail: "Not found." }, { status: 404 });
    await expect(started().run(get(), {})).rejects.toThrow("the record was not read: 404 Not found.");
    expect(await started().run(get({ missingKey: "blank" }), {})).toEqual({});
  });
});
