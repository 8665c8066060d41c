/** Clocks of a test, the window it runs in, and what its queues keep. */
import { vi } from "vitest";
import type { Item } from "./server";

export const even = performance.now.bind(performance);
/** The machine's own clock may be set while tests run. */
const wall = () => Math.floor(performance.timeOrigin + even());

/** The clock on the wall is put forward, or back, by so much until the test ends. */
export function setClock(ms: number) {
  vi.spyOn(Date, "now").mockImplementation(() => wall() + ms);
}

/** So much time goes by until the test ends, by every clock; no timer runs for it. */
export function later(ms: number) {
  setClock(ms);
  vi.spyOn(performance, "now").mockImplementation(() => even() + ms);
}

/** Events of the window, where there is none. */
export function page() {
  const window = new EventTarget();
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  return { fire: (type: string) => window.dispatchEvent(new Event(type)) };
}

/** What IndexedDB holds of a queue. */
async function rows(queue: string): Promise<Item[]> {
  const request = indexedDB.open(`modlake:${queue}`);
  await new Promise((resolve) => (request.onsuccess = resolve));
  const all = request.result.transaction("rows").objectStore("rows").getAll();
  await new Promise((resolve) => (all.onsuccess = resolve));
  request.result.close();
  return all.result;
}
export const chunks = async (queue: string) => (await rows(queue)).filter((row) => Array.isArray(row.items));
export const state = async (queue: string) => (await rows(queue)).find((row) => row.key === "state");
