import { afterEach, expect, it, vi } from "vitest";
import { isFrame, isRefused, pageUrl, place, uuid, visiting } from "../src/page";

afterEach(() => vi.unstubAllGlobals());

it("makes a UUID where the browser does not, on pages without TLS", () => {
  vi.stubGlobal("crypto", {});
  const made = [uuid(), uuid()];
  for (const one of made) expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(made[0]).not.toBe(made[1]);
});

it("asks nothing of a place without window, document or navigator", () => {
  vi.stubGlobal("navigator", undefined);
  expect([isFrame(), isRefused(), pageUrl(), place()]).toEqual([false, false, "", "worker"]);
});

it("knows a frame, a page and an extension", () => {
  const page = {};
  vi.stubGlobal("self", page);
  vi.stubGlobal("top", page);
  vi.stubGlobal("document", {});
  expect([isFrame(), place()]).toEqual([false, "web"]);
  vi.stubGlobal("top", {});
  vi.stubGlobal("chrome", { runtime: { id: "abc" } });
  expect([isFrame(), place()]).toEqual([true, "extension"]);
  vi.stubGlobal("chrome", { runtime: {} });
  expect(place()).toBe("web");
});

it("is one visit whatever the address, and another navigation with each", () => {
  const visit = visiting();
  vi.stubGlobal("location", { href: "https://app.example.com/a" });
  const [first, same] = [visit(), visit()];
  vi.stubGlobal("location", { href: "https://app.example.com/b" });
  const next = visit();
  expect(same).toEqual(first);
  expect(next.sessionId).toBe(first.sessionId);
  expect(next.sessionTime).toBe(first.sessionTime);
  expect(next.navigationId).not.toBe(first.navigationId);
  expect(visiting()().sessionId).not.toBe(first.sessionId);
});
