import "fake-indexeddb/auto";
import { runInNewContext } from "node:vm";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { init } from "../src/index";
import { chunks, even, later, page, setClock, state } from "./around";
import { server, waitFor } from "./server";

let lake: ReturnType<typeof server>;
beforeEach(() => setClock(0));

afterEach(() => {
  vi.useRealTimers();
  lake.stop();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("recording", () => {
  it("returns at once and is sent together, with key, id, time and version", async () => {
    lake = server();
    const client = lake.client({ user: { email: "ann@example.com", id: "u1" } });
    const before = Date.now();
    client.record("Case Opened", { words: 12 });
    client.record("Case Closed");
    expect(lake.requests).toHaveLength(0);
    await waitFor(() => expect(lake.names()).toEqual(["Case Opened", "Case Closed"]));
    const [request] = lake.requests;
    expect(request?.url).toBe("https://lake.example.com/api/events/");
    expect(request?.headers).toMatchObject({ authorization: "Bearer ml_key", "content-type": "application/json" });
    const [item] = lake.items();
    expect(item).toMatchObject({ event: "Case Opened", email: "ann@example.com", user_id: "u1", data: { words: 12 } });
    expect(item?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/);
    expect(item?.sdk_version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(item?.timestamp).toBeGreaterThanOrEqual(before);
    expect(new Set(lake.items().map(({ id }) => id)).size).toBe(2);
    expect(new Set(lake.items().map(({ uid }) => uid)).size).toBe(1);
    expect(item?.uid).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("keeps the browser's id from page to page", async () => {
    lake = server();
    lake.client({ queue: "same" }).record("One");
    await waitFor(() => expect(lake.items()).toHaveLength(1));
    lake.client({ queue: "same" }).record("Two");
    await waitFor(() => expect(lake.items()).toHaveLength(2));
    expect(lake.items()[0]?.uid).toBe(lake.items()[1]?.uid);
  });

  it("takes whatever is given", async () => {
    lake = server();
    const client = lake.client({ throttle: false });
    const circle: Record<string, unknown> = { big: 10n ** 20n, undefined: undefined };
    circle.self = circle;
    client.record("circle", circle);
    client.record("list", [1, 2] as never);
    client.record("text", "words" as never);
    client.record(7 as never);
    client.record(undefined as never);
    client.record("null", null as never);
    client.record("");
    client.record("n".repeat(300));
    await waitFor(() => expect(lake.items()).toHaveLength(8));
    const [first, list, text] = lake.items();
    const big = "100000000000000000000";
    expect(first?.data).toEqual({ big, self: { big, self: "[seen above]" } });
    expect([list?.data, text?.data]).toEqual([{ 0: 1, 1: 2 }, { value: "words" }]);
    expect(lake.names().slice(3)).toEqual(["7", "undefined", "null", "unnamed", "n".repeat(255)]);
  });

  it("never throws into the page", async () => {
    lake = server();
    const broken = {
      get words(): number {
        throw new Error("no");
      },
    };
    const log = () => {
      throw new Error("log");
    };
    lake.client({ log }).record("A", broken);
    expect(() => lake.client({ server: "nowhere" }).record("A")).not.toThrow();
    expect(() => lake.client({ key: "" }).record("A")).not.toThrow();
    expect(() => init(null).record("A")).not.toThrow();
    await expect(lake.client({ server: "nowhere" }).flush()).resolves.toBeUndefined();
    expect(lake.messages).toContain("modlake: init needs server and key: nothing is recorded");
  });

  it("waits for a pause of the page, but not for ever", async () => {
    lake = server();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const client = lake.client({ debounceMs: 40, maxWaitMs: 120, throttle: false, advice: false });
    const tick = () => {
      client.record("Tick");
      vi.advanceTimersByTime(10);
    };
    for (let ticks = 0; ticks < 12; ticks += 1) tick();
    await waitFor(() => expect(lake.requests).toHaveLength(1));
    // None went before: all of them are in the first request.
    expect(lake.items()).toHaveLength(12);
    tick();
    vi.advanceTimersByTime(40);
    await waitFor(() => expect(lake.items()).toHaveLength(13));
  });

  it("takes data of other realms and without a prototype as it is", async () => {
    lake = server();
    const client = lake.client();
    client.record("Frame", runInNewContext("({ words: 12 })"));
    client.record("Bare", Object.assign(Object.create(null), { words: 13 }));
    await waitFor(() => expect(lake.items().map(({ data }) => data)).toEqual([{ words: 12 }, { words: 13 }]));
  });

  it("goes on when nobody is signed in any more", async () => {
    lake = server();
    const client = lake.client({ user: { email: "ann@example.com" } });
    client.user = null;
    client.record("Signed Out");
    await waitFor(() => expect(lake.names()).toEqual(["Signed Out"]));
    expect(lake.items()[0]).not.toHaveProperty("email");
  });

  it("needs neither a signal that ends requests nor compression", async () => {
    lake = server();
    vi.stubGlobal("AbortSignal", {});
    vi.stubGlobal("CompressionStream", undefined);
    lake.client().record("Older Browser", { text: "x".repeat(3_000) });
    await waitFor(() => expect(lake.names()).toEqual(["Older Browser"]));
  });

  it("keeps what a page that is loaded ahead records until somebody sees it", async () => {
    lake = server();
    const window = page();
    const document = { prerendering: true };
    vi.stubGlobal("document", document);
    const client = lake.client({ queue: "ahead" });
    client.record("Loaded Ahead");
    await client.flush();
    window.fire("pagehide");
    await client.flush();
    expect(lake.requests).toHaveLength(0);
    expect(await chunks("ahead")).toEqual([]);
    document.prerendering = false;
    window.fire("prerenderingchange");
    await waitFor(() => expect(lake.names()).toEqual(["Loaded Ahead"]));
  });

  it("compresses large bodies, keeps them under the limit, and loses none", async () => {
    lake = server();
    const client = lake.client({ throttle: false });
    for (let number = 0; number < 2_000; number += 1) client.record("Many", { number, text: "ünïcode ".repeat(4) });
    await waitFor(() => expect(lake.items()).toHaveLength(2_000), { timeout: 10_000 });
    expect(lake.items().map((item) => item.data.number)).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
    for (const request of lake.requests) {
      expect(request.zipped).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(request.items))).toBeLessThanOrEqual(60 * 1024);
    }
  });
});

describe("what is not acknowledged", () => {
  it("is sent by the next page", async () => {
    lake = server(() => new Error("offline"));
    const client = lake.client({ queue: "reload" });
    client.record("Before");
    await waitFor(() => expect(lake.messages.join()).toContain("cannot be reached"));
    client.close();
    lake.stop();
    lake = server();
    later(60_000);
    lake.client({ queue: "reload" });
    await waitFor(() => expect(lake.names()).toEqual(["Before"]));
    await waitFor(async () => expect(await chunks("reload")).toEqual([]));
  });

  it("is deleted after the acknowledgement, not before", async () => {
    let acknowledge = (_: Response) => {};
    lake = server(() => new Promise<Response>((resolve) => (acknowledge = resolve)));
    lake.client({ queue: "ack" }).record("A");
    await waitFor(() => expect(lake.requests).toHaveLength(1));
    expect(await chunks("ack")).toHaveLength(1);
    acknowledge(new Response(null, { status: 201 }));
    await waitFor(async () => expect(await chunks("ack")).toHaveLength(0));
    expect(await state("ack")).toMatchObject({ items: 0, bytes: 0, dropped: 0 });
  });

  it("is tried again after errors of the server, with longer and longer waits, and said once", async () => {
    const times: number[] = [];
    lake = server((_, number) => {
      times.push(even());
      return number < 5 ? new Response(null, { status: 500 }) : undefined;
    });
    lake.client({ retryMs: 20 }).record("A");
    await waitFor(() => expect(times).toHaveLength(5));
    expect(new Set(lake.items().map(({ id }) => id)).size).toBe(1);
    expect((times[4] ?? 0) - (times[3] ?? 0)).toBeGreaterThanOrEqual(78);
    expect(lake.messages.filter((message) => message.includes("500"))).toHaveLength(1);
  });

  it.each([429, 503])("waits as long as Retry-After of a %i says", async (status) => {
    const times: number[] = [];
    lake = server((_, number) => {
      times.push(even());
      return number === 1 ? new Response(null, { status, headers: { "retry-after": "1" } }) : undefined;
    });
    const client = lake.client({ throttle: false });
    client.record("A");
    await waitFor(() => expect(times).toHaveLength(1));
    for (let more = 0; more < 5; more += 1) client.record("B");
    await client.flush();
    await waitFor(() => expect(times).toHaveLength(2));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(998);
    expect(lake.requests[1]?.items).toHaveLength(6);
  });

  it("obeys a Retry-After that is a date", async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    lake = server(() => new Response(null, { status: 503, headers: { "retry-after": date } }));
    lake.client({ queue: "date" }).record("A");
    await waitFor(async () => expect((await state("date"))?.pausedUntil).toBeGreaterThan(Date.now() + 3_500_000));
    expect(lake.requests).toHaveLength(1);
  });

  it("is kept when the key is refused, and nothing more is sent", async () => {
    lake = server(() => new Response(null, { status: 401 }));
    const client = lake.client({ queue: "key", advice: false });
    client.record("A");
    await waitFor(() => expect(lake.messages.join()).toContain("answers 401: nothing more is sent"));
    client.record("B");
    await client.flush();
    await client.flush();
    expect(lake.requests).toHaveLength(1);
    expect(lake.messages).toEqual([expect.stringContaining("answers 401")]);
    expect((await state("key"))?.items).toBe(2);
  });

  it("loses only the item that the server refuses for good", async () => {
    lake = server(({ items }) =>
      items.some((item) => item.data.bad) ? new Response(null, { status: 400 }) : undefined,
    );
    const client = lake.client({ queue: "bad", throttle: false });
    for (let number = 0; number < 20; number += 1) client.record("N", { number, ...(number === 7 && { bad: true }) });
    await waitFor(async () => expect((await state("bad"))?.aside).toHaveLength(1));
    const taken = lake.requests
      .filter(({ items }) => items.every((item) => !item.data.bad))
      .flatMap(({ items }) => items);
    expect(taken.map((item) => item.data.number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index).filter((number) => number !== 7),
    );
    expect(lake.messages.filter((message) => message.includes("400: one of events is put aside"))).toHaveLength(1);
    expect(await state("bad")).toMatchObject({ items: 0, bytes: 0, dropped: 1 });
    client.record("After");
    await waitFor(() => expect(lake.items().at(-1)).toMatchObject({ event: "After", dropped: 1 }));
  });

  it("is cut in halves where it is too large", async () => {
    lake = server(({ items }) => (items.length > 3 ? new Response(null, { status: 413 }) : undefined));
    const client = lake.client({ throttle: false });
    for (let number = 0; number < 10; number += 1) client.record("N", { number });
    await client.flush();
    const taken = lake.requests.filter(({ items }) => items.length <= 3).flatMap(({ items }) => items);
    expect(taken.map((item) => item.data.number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("gives way to newer where the bound is reached, and how much went is told", async () => {
    lake = server(() => new Error("offline"));
    const client = lake.client({ queue: "full", maxItems: 10, throttle: false });
    for (let number = 0; number < 25; number += 1) {
      client.record("N", { number });
      await Promise.resolve();
    }
    await waitFor(async () => expect((await state("full"))?.items).toBe(10));
    client.close();
    lake.stop();
    lake = server();
    later(60_000);
    lake.client({ queue: "full", maxItems: 10 });
    await waitFor(() => expect(lake.items()).toHaveLength(10));
    expect(lake.items().map((item) => item.data.number)).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
    const told = lake.items().reduce((sum, item) => sum + (item.dropped ?? 0), 0);
    expect(told).toBe(15);
  });

  it("counts an item that is larger than the whole queue", async () => {
    lake = server();
    const client = lake.client({ maxBytes: 2_000 });
    client.record("Large", { text: "x".repeat(3_000) });
    await client.flush();
    client.record("Small");
    await waitFor(() => expect(lake.items()).toHaveLength(1));
    expect(lake.items()[0]).toMatchObject({ event: "Small", dropped: 1 });
  });
});

describe("several pages", () => {
  it("never have the same item under way twice", async () => {
    const under = new Set<string>();
    const twice: string[] = [];
    lake = server(async ({ items }) => {
      for (const { id } of items) {
        if (under.has(id)) twice.push(id);
        under.add(id);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      return new Response(null, { status: 201 });
    });
    const pages = Array.from({ length: 4 }, () => lake.client({ queue: "tabs", throttle: false, advice: false }));
    for (let round = 0; round < 5; round += 1) {
      for (const page of pages) for (let number = 0; number < 5; number += 1) page.record("N", { number });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await waitFor(() => expect(lake.items()).toHaveLength(100), { timeout: 20_000 });
    expect(twice).toEqual([]);
  }, 30_000);

  it("leave each other's young items alone, and take over what is left behind", async () => {
    lake = server();
    lake.client({ queue: "left", debounceMs: 60_000, maxWaitMs: 60_000 }).record("Left");
    await waitFor(async () => expect(await chunks("left")).toHaveLength(1));
    const other = lake.client({ queue: "left" });
    await other.flush();
    expect(lake.requests).toHaveLength(0);
    later(60_000);
    await other.flush();
    expect(lake.names()).toEqual(["Left"]);
  });
});

describe("a page that goes", () => {
  it("sends what it recorded last in a request that outlives it", async () => {
    lake = server();
    const window = page();
    const client = lake.client({ debounceMs: 60_000, maxWaitMs: 60_000 });
    client.record("Last");
    window.fire("pagehide");
    expect(lake.requests).toHaveLength(1);
    expect(lake.requests[0]).toMatchObject({ keepalive: true, zipped: false });
    window.fire("pagehide");
    await client.flush();
    expect(lake.names()).toEqual(["Last"]);
  });

  it("obeys the server that asks to come back later", async () => {
    lake = server((_, number) =>
      number === 1 ? new Response(null, { status: 429, headers: { "retry-after": "3600" } }) : undefined,
    );
    const window = page();
    const client = lake.client({ queue: "later", debounceMs: 60_000, maxWaitMs: 60_000 });
    client.record("A");
    window.fire("pagehide");
    await waitFor(async () => expect((await state("later"))?.pausedUntil).toBeGreaterThan(Date.now() + 3_500_000));
    await client.flush();
    window.fire("pagehide");
    expect(lake.requests).toHaveLength(1);
    expect((await state("later"))?.items).toBe(1);
  });

  it("sends no more than browsers take, and keeps the rest", async () => {
    lake = server();
    const client = lake.client({ queue: "big", debounceMs: 60_000, maxWaitMs: 60_000, throttle: false });
    for (let number = 0; number < 300; number += 1) client.record("N", { number, text: "x".repeat(500) });
    client.close();
    expect(lake.requests).toHaveLength(1);
    expect(JSON.stringify(lake.requests[0]?.items).length).toBeLessThanOrEqual(60 * 1024);
    const sent = lake.requests[0]?.items.length ?? 0;
    await waitFor(async () => expect((await state("big"))?.items).toBe(300 - sent));
  });

  it("tells what was held back", async () => {
    lake = server();
    const client = lake.client({ throttle: { burst: 2, perSecond: 0.001 } });
    for (let number = 0; number < 10; number += 1) client.record("N", { number });
    client.close();
    await waitFor(() => expect(lake.items()).toHaveLength(3));
    expect(lake.items().map((item) => [item.data.number, item.held_back])).toEqual([
      [0, undefined],
      [1, undefined],
      [9, 7],
    ]);
  });
});

describe("without IndexedDB", () => {
  const failures: Event[] = [];
  it.each([
    ["missing", undefined],
    [
      "refused",
      {
        open: () => {
          throw new DOMException("denied", "SecurityError");
        },
      },
    ],
    [
      "failing",
      {
        open: () => {
          const request = { error: new Error("disk"), onerror: (_: Event) => {} };
          const event = new Event("error", { cancelable: true });
          failures.push(event);
          setTimeout(() => request.onerror(event));
          return request;
        },
      },
    ],
  ])("that is %s, memory serves, and it is said once", async (_, broken) => {
    lake = server();
    vi.stubGlobal("indexedDB", broken);
    const client = lake.client();
    client.record("A");
    client.record("B");
    await waitFor(() => expect(lake.names()).toEqual(["A", "B"]));
    client.record("C");
    await waitFor(() => expect(lake.names()).toEqual(["A", "B", "C"]));
    expect(lake.messages.filter((message) => message.includes("IndexedDB fails"))).toHaveLength(1);
    // Or Firefox tells `window.onerror` of it.
    for (const event of failures.splice(0)) expect(event.defaultPrevented).toBe(true);
  });

  it("that breaks later, what comes then is sent from memory", async () => {
    lake = server();
    vi.stubGlobal("indexedDB", new IDBFactory());
    const client = lake.client();
    client.record("A");
    await waitFor(() => expect(lake.names()).toEqual(["A"]));
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
      throw new DOMException("gone", "InvalidStateError");
    });
    client.record("B");
    await waitFor(() => expect(lake.names()).toEqual(["A", "B"]));
    expect(lake.messages.filter((message) => message.includes("IndexedDB fails"))).toHaveLength(1);
  });
});

describe("a user who does not want to be tracked", () => {
  it.each([{ doNotTrack: "1" }, { globalPrivacyControl: true }])(
    "by %j has nothing recorded and nothing stored",
    async (signal) => {
      lake = server();
      vi.stubGlobal("indexedDB", new IDBFactory());
      lake.client({ queue: "refused" }).record("Before");
      await waitFor(() => expect(lake.items()).toHaveLength(1));
      vi.stubGlobal("navigator", signal);
      const client = lake.client({ queue: "refused" });
      client.record("A");
      client.error(new Error("no"), { modComponentId: "c" });
      await client.flush();
      client.close();
      expect(lake.items()).toHaveLength(1);
      await waitFor(async () => expect(await indexedDB.databases()).toEqual([]));
    },
  );

  it("is heard from the moment they say so", async () => {
    lake = server();
    const client = lake.client();
    client.record("Before");
    await waitFor(() => expect(lake.items()).toHaveLength(1));
    vi.stubGlobal("navigator", { globalPrivacyControl: true });
    client.record("After");
    await client.flush();
    expect(lake.names()).toEqual(["Before"]);
  });

  it("has the same where the page says enabled: false", async () => {
    lake = server();
    const client = lake.client({ enabled: false });
    client.record("A");
    await client.flush();
    expect(lake.requests).toHaveLength(0);
  });
});
