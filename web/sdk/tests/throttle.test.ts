import { expect, it } from "vitest";
import { buckets } from "../src/throttle";

it("lets a burst through, then so many a second, and tells how many were held back", () => {
  const limit = buckets<number>({ burst: 3, perSecond: 2 });
  const taken = (now: number) => limit.take("n", now, now);
  expect([0, 0, 0, 0, 100, 200].map(taken)).toEqual([0, 0, 0, undefined, undefined, undefined]);
  expect(taken(500)).toBe(3);
  expect(taken(600)).toBeUndefined();
  expect(taken(10_000)).toBe(1);
  expect([10_000, 10_000, 10_000].map(taken)).toEqual([0, 0, undefined]);
});

it("counts each name for itself", () => {
  const limit = buckets<number>({ burst: 1, perSecond: 0 });
  expect(["a", "b", "a", "b"].map((name) => limit.take(name, 0, 0))).toEqual([0, 0, undefined, undefined]);
});

it("gives the last one that was held back, and how many before it, once", () => {
  const limit = buckets<string>({ burst: 1, perSecond: 0 });
  for (const item of ["1", "2", "3", "4"]) limit.take("a", item, 0);
  limit.take("b", "only", 0);
  const given: [string, number][] = [];
  limit.release((item, held) => given.push([item, held]));
  limit.release((item, held) => given.push([item, held]));
  expect(given).toEqual([["4", 2]]);
});

it("does not mind a clock that is put back", () => {
  const limit = buckets<number>({ burst: 1, perSecond: 1 });
  limit.take("a", 0, 10_000);
  expect(limit.take("a", 0, 0)).toBeUndefined();
  expect(limit.take("a", 0, 1_000)).toBe(1);
});
