import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import { indexedDb, inMemory, type Rows, type Work } from "../src/store";

const row = (items: string[]) => ({ kind: "events", page: "p", at: 0, items, bytes: 1, dropped: 0 });
const items = async (work: Work) => (await work((rows) => rows.oldest(10))).map((chunk) => chunk.items);

it.each([
  ["IndexedDB", indexedDb("store")],
  ["memory", inMemory()],
])("%s gives rows in the order of writing, and takes them out", async (_, work) => {
  const keys = await work(async (rows: Rows) => [await rows.put(row(["a"])), await rows.put(row(["b"]))]);
  await work((rows) => rows.put({ key: "state", uid: "u" }));
  expect(await items(work)).toEqual([["a"], ["b"]]);
  expect(await work((rows) => rows.get("state"))).toEqual({ key: "state", uid: "u" });
  await work((rows) => rows.delete(Number(keys[0])));
  expect(await items(work)).toEqual([["b"]]);
});

it("keeps nothing of a piece of work that fails half way, and says why", async () => {
  const work = indexedDb("half");
  const half = work(async (rows) => {
    await rows.put(row(["half"]));
    throw new Error("half way");
  });
  await expect(half).rejects.toThrow("half way");
  expect(await items(work)).toEqual([]);
});
