import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chunks, later, page, setClock, state } from "./around";
import { server, waitFor } from "./server";

let lake: ReturnType<typeof server>;
const HOUR = 3_600_000;

beforeEach(() => setClock(0));

afterEach(() => {
  lake.stop();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("a clock that is set", () => {
  const set: [string, number][] = [
    ["forward", HOUR],
    ["back", -HOUR],
  ];

  it.each(set)("%s by an hour does not keep items", async (_, ms) => {
    lake = server();
    const client = lake.client();
    client.record("Before");
    setClock(ms);
    await waitFor(() => expect(lake.names()).toEqual(["Before"]));
    client.record("After");
    await waitFor(() => expect(lake.names()).toEqual(["Before", "After"]));
  });

  it.each(set)("%s by an hour does not end the turn of a page whose request is under way", async (way, ms) => {
    let acknowledge = (_: Response) => {};
    lake = server((_, number) => (number === 1 ? new Promise((resolve) => (acknowledge = resolve)) : undefined));
    const queue = `turn-${way}`;
    const other = lake.client({ queue });
    lake.client({ queue }).record("First");
    await waitFor(() => expect(lake.requests).toHaveLength(1));
    setClock(ms);
    other.record("Second");
    await other.flush();
    expect(lake.names()).toEqual(["First"]);
    acknowledge(new Response(null, { status: 201 }));
    await waitFor(async () => expect((await state(queue))?.items).toBe(1));
    await waitFor(() => expect(lake.names()).toEqual(["First", "Second"]));
  });

  it.each(set)("%s by an hour does not lengthen the turn of a page that is gone", async (way, ms) => {
    const never = new Promise<Response>(() => {});
    lake = server((_, number) => (number === 1 ? never : undefined));
    const queue = `gone-${way}`;
    lake.client({ queue }).record("First");
    await waitFor(() => expect(lake.requests).toHaveLength(1));
    setClock(ms);
    const other = lake.client({ queue, debounceMs: 60_000, maxWaitMs: 60_000 });
    other.record("Second");
    await other.flush();
    vi.restoreAllMocks();
    later(36_000);
    setClock(ms + 36_000);
    await other.flush();
    expect(lake.names().slice(1).sort()).toEqual(["First", "Second"]);
  });

  it.each(set)("%s by an hour does not lengthen a wait", async (way, ms) => {
    lake = server((_, number) => (number < 3 ? new Response(null, { status: 500 }) : undefined));
    lake.client({ queue: `wait-${way}`, retryMs: 300 }).record("Tried Again");
    await waitFor(async () => expect((await state(`wait-${way}`))?.pausedUntil).toBeGreaterThan(0));
    setClock(ms);
    await waitFor(() => expect(lake.requests).toHaveLength(3));
  });

  it("back by an hour does not lengthen a wait that the server asked for", async () => {
    const asked = { status: 503, headers: { "retry-after": "1" } };
    lake = server((_, number) => (number === 1 ? new Response(null, asked) : undefined));
    const client = lake.client({ queue: "asked" });
    client.record("Asked");
    await waitFor(async () => expect((await state("asked"))?.pausedUntil).toBeGreaterThan(0));
    setClock(-HOUR);
    await waitFor(() => expect(lake.requests).toHaveLength(2));
  });

  it("back by an hour does not hold up what an earlier page left", async () => {
    lake = server();
    lake.client({ queue: "earlier", debounceMs: 60_000, maxWaitMs: 60_000 }).record("Left");
    await waitFor(async () => expect(await chunks("earlier")).toHaveLength(1));
    setClock(-HOUR);
    await lake.client({ queue: "earlier" }).flush();
    expect(lake.names()).toEqual(["Left"]);
  });

  it("back by an hour does not silence a page that goes", async () => {
    lake = server();
    const window = page();
    const client = lake.client({ debounceMs: 60_000, maxWaitMs: 60_000 });
    client.record("First");
    await client.flush();
    setClock(-HOUR);
    client.record("Last");
    window.fire("pagehide");
    expect(lake.names()).toEqual(["First", "Last"]);
  });
});
