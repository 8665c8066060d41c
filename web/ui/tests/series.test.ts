import { describe, expect, it } from "vitest";
import { rangeOf } from "../src/range";
import { stacked } from "../src/series";

const range = rangeOf(new URLSearchParams("days=7&until=2026-11-21"), new Date("2026-11-25T10:00:00Z"));
const row = (day: string, name: string | null, value: number) => ({ bucket: `${day}T00:00:00Z`, name, value });

describe("stacked", () => {
  it("has a point for each day and a part for each name", () => {
    const { series, points } = stacked(
      range,
      [row("2026-11-20", "b", 1), row("2026-11-20", "a", 2), row("2026-11-21", "b", 4)],
      "Others",
    );
    expect(points.length).toBe(7);
    expect(series.map(({ label }) => label)).toEqual(["b", "a"]);
    expect(points[5]).toMatchObject({ s0: 1, s1: 2 });
    expect(points[6]).toMatchObject({ s0: 4 });
  });

  it("adds up what has no colour of its own", () => {
    const rows = [..."abcdefgh"].map((name, index) => row("2026-11-21", name, 10 - index));
    const { series, points } = stacked(range, rows, "Others");
    expect(series.length).toBe(7);
    expect(series.at(-1)).toMatchObject({ key: "other", label: "Others" });
    expect(points[6]?.other).toBe(4 + 3);
  });

  it("takes any name, also none and those of objects' own properties", () => {
    const { series } = stacked(range, [row("2026-11-21", null, 1), row("2026-11-21", "constructor", 2)], "Others");
    expect(series.map(({ label }) => label)).toEqual(["constructor", "unknown"]);
  });

  it("leaves out what is of other days", () => {
    const { points } = stacked(range, [row("2026-11-01", "a", 1)], "Others");
    expect(points.every((point) => point.s0 === undefined)).toBe(true);
  });
});
