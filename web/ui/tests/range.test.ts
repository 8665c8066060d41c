import { expect, it } from "vitest";
import { bucketsOf, bucketUnit, rangeOf, shifted } from "../src/range";

const NOW = new Date("2026-11-21T10:20:30.500Z");
const range = (text: string) => rangeOf(new URLSearchParams(text), NOW);

it("shows the last seven days when nothing else is asked", () => {
  expect(range("")).toEqual({
    days: 7,
    until: "2026-11-21",
    current: true,
    from: "2026-11-15T00:00:00.000Z",
    to: "2026-11-22T00:00:00.000Z",
    previousFrom: "2026-11-08T00:00:00.000Z",
    previousTo: "2026-11-14T10:21:00.000Z",
  });
});

it("compares a past period with all of the one before", () => {
  const past = range("days=30&until=2026-10-31");
  expect(past.current).toBe(false);
  expect([past.from, past.to]).toEqual(["2026-10-02T00:00:00.000Z", "2026-11-01T00:00:00.000Z"]);
  expect([past.previousFrom, past.previousTo]).toEqual(["2026-09-02T00:00:00.000Z", "2026-10-02T00:00:00.000Z"]);
});

it.each(["days=5", "days=x&until=2026-13-40", "until=2026-02-30", "until=2027-01-01", "until=' or 1=1"])(
  "takes %s for the default",
  (text) => expect(range(text)).toEqual(range("")),
);

it("moves by whole periods and forgets the day when it comes back to today", () => {
  expect(shifted(range("days=7"), -1, NOW)).toEqual({ days: 7, until: "2026-11-14" });
  expect(shifted(range("days=7&until=2026-11-14"), 1, NOW)).toEqual({ days: 7, until: null });
});

it("has a bar for each day, or for each hour of a single day", () => {
  expect(bucketsOf(range("days=90"))).toHaveLength(90);
  expect(bucketUnit(range("days=1"))).toBe("hour");
  expect(bucketsOf(range("days=1"))).toHaveLength(24);
  expect(bucketsOf(range("days=1"))[0]).toBe(Date.parse("2026-11-21T00:00:00Z"));
});
