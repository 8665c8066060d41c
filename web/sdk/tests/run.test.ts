import "fake-indexeddb/auto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CancelError, type ReportMode, runStarterBrick, type StarterBrick } from "../src/index";
import { server } from "./server";

let lake: ReturnType<typeof server>;
afterEach(() => {
  lake.stop();
  vi.unstubAllGlobals();
});

const deployed = {
  modComponentId: "c-1",
  label: "Translate",
  modId: "@acme/mod",
  modVersion: "1.2.0",
  deploymentId: "d-1",
};
const fails = (error: unknown) => () => {
  throw error;
};

async function runs(brick: Partial<StarterBrick>, work: (() => unknown)[], component: object = deployed) {
  lake = server();
  const client = lake.client();
  for (const run of work) {
    const one = { component: { modComponentId: "c-1", ...component }, run };
    await runStarterBrick(client, { id: "@acme/trigger", ...brick }, [one], () => null);
  }
  await client.flush();
  return lake.items();
}

describe("a run", () => {
  it("that succeeded is told with what the component belongs to", async () => {
    const [item] = await runs({ trigger: "click" }, [() => 1]);
    expect(item).toMatchObject({
      event: "TriggerRun",
      report_mode: "all",
      data: { ...deployed, starterBrickId: "@acme/trigger" },
    });
    expect(item?.run_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(lake.requests[0]?.url).toMatch(/\/api\/events\/$/);
  });

  it("of a mod that is not deployed tells its mod, one outside of a mod its id alone", async () => {
    const { deploymentId: _, ...inMod } = deployed;
    const [first] = await runs({ reportMode: "all" }, [() => 1], inMod);
    expect(first?.data).toEqual(inMod);
    const [second] = await runs({ reportMode: "all" }, [() => 1], { label: "Mine" });
    expect(second?.data).toEqual({ modComponentId: "c-1" });
  });

  it("that failed sends the error and no event", async () => {
    const items = await runs({ reportMode: "all" }, [fails(new TypeError("no button"))]);
    expect(items).toHaveLength(1);
    expect(lake.requests[0]?.url).toMatch(/\/api\/telemetry\/errors\/$/);
    expect(items[0]).toMatchObject({
      class_name: "TypeError",
      message: "no button",
      report_mode: "all",
      deployment: "d-1",
    });
  });

  it.each([
    ["all", ["event", "error", "event", "error"]],
    ["once", ["event", "error"]],
    ["error-once", ["error"]],
    ["never", []],
  ] as [ReportMode, string[]][])("under %s is told as the mode says", async (mode, told) => {
    const items = await runs({ reportMode: mode }, [() => 1, fails(new Error("x")), () => 2, fails(new Error("y"))]);
    expect(items.map((item) => (item.uuid ? "error" : "event")).sort()).toEqual([...told].sort());
  });

  it("that was called off is no error, and no first one", async () => {
    const items = await runs({ reportMode: "once" }, [fails(new CancelError("never mind")), fails(new Error("real"))]);
    expect(items.map((item) => item.message)).toEqual(["real"]);
  });

  it("may name its own event", async () => {
    const [item] = await runs({ reportMode: "once", event: "MenuItemClick" }, [() => 1]);
    expect(item?.event).toBe("MenuItemClick");
  });
});

describe("a starter brick", () => {
  it("of an unknown mode is refused before anything runs", async () => {
    lake = server();
    const run = vi.fn();
    const brick = { id: "b", reportMode: "first" as ReportMode };
    const runs = [{ component: deployed, run }];
    await expect(runStarterBrick(lake.client(), brick, runs, () => null)).rejects.toThrow("Invalid reportMode: first");
    expect(run).not.toHaveBeenCalled();
  });

  it("runs its components at the same time, each on its own", async () => {
    lake = server();
    const client = lake.client();
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const outcomes = await runStarterBrick(
      client,
      { id: "b", reportMode: "once" },
      [
        { component: { modComponentId: "waits" }, run: () => gate },
        { component: { modComponentId: "fails" }, run: fails(new Error("x")) },
        { component: { modComponentId: "frees" }, run: () => release() },
      ],
      () => null,
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await client.flush();
    expect(
      lake
        .items()
        .map((item) => item.extension_uuid ?? item.data.modComponentId)
        .sort(),
    ).toEqual(["fails", "frees", "waits"]);
  });

  it("hands what was read to its components, and a reader that fails is shown but not sent", async () => {
    lake = server();
    const client = lake.client();
    const seen: unknown[] = [];
    const component = { component: deployed, run: (input: unknown) => seen.push(input) };
    await runStarterBrick(client, { id: "b", reportMode: "all" }, [component], async () => ({ text: "hello" }));
    expect(seen).toEqual([{ text: "hello" }]);
    const notify = vi.fn();
    const broken = new Error("no selection");
    const outcomes = await runStarterBrick(
      client,
      { id: "b", reportMode: "all", showErrors: true, notify },
      [component],
      fails(broken),
    );
    expect(outcomes).toEqual([]);
    expect(notify).toHaveBeenCalledExactlyOnceWith(broken);
    await client.flush();
    expect(lake.items()).toHaveLength(1);
  });

  it("shows the user only what is reported, and only when asked to", async () => {
    const notify = vi.fn();
    const work = [fails(new Error("1")), fails(new Error("2"))];
    await runs({ reportMode: "once", notify }, work);
    expect(notify).not.toHaveBeenCalled();
    await runs({ reportMode: "once", notify, showErrors: true }, work);
    expect(notify).toHaveBeenCalledTimes(1);
    await runs({ reportMode: "never", notify, showErrors: true }, work);
    expect(notify).toHaveBeenCalledTimes(1);
  });

  it("keeps its firsts for the visit, whatever the address", async () => {
    lake = server();
    const client = lake.client();
    vi.stubGlobal("location", { href: "https://app.example.com/a" });
    const run = () =>
      runStarterBrick(client, { id: "b", reportMode: "once" }, [{ component: deployed, run: () => 1 }], () => null);
    await run();
    client.event("Here");
    vi.stubGlobal("location", { href: "https://app.example.com/b" });
    await run();
    client.event("There");
    await client.flush();
    expect(lake.names()).toEqual(["TriggerRun", "Here", "There"]);
    const [first, here, there] = lake.items();
    expect(new Set(lake.items().map((item) => item.session_id)).size).toBe(1);
    expect(first?.navigation_id).toBe(here?.navigation_id);
    expect(there?.navigation_id).not.toBe(here?.navigation_id);
  });
});
