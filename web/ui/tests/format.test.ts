import { describe, expect, it } from "vitest";
import * as format from "../src/format";

describe("numbers", () => {
  it.each([
    [null, "–"],
    [0, "0"],
    [9999, "9,999"],
    [12_345, "12.3K"],
    [155_700_000, "155.7M"],
  ])("compact(%s) is %s", (value, text) => expect(format.compact(value)).toBe(text));

  it.each([
    [undefined, "–"],
    [0, "$0.00"],
    [0.006126, "$0.0061"],
    [0.5621, "$0.56"],
    [91.456, "$91.46"],
    [12_345.6, "$12,346"],
  ])("usd(%s) is %s", (value, text) => expect(format.usd(value)).toBe(text));

  it.each([
    [null, 3, "unknown"],
    [null, 0, "unknown"],
    [0, 0, "$0.00"],
    [1.5, 0, "$1.50"],
    [1.5, 2, "≥ $1.50"],
  ])("cost(%s, %s) is %s", (value, unpriced, text) => expect(format.cost(value, unpriced)).toBe(text));

  it("says what a cost leaves out", () => {
    expect(format.unpriced(0)).toBeNull();
    expect(format.unpriced(1)).toBe("1 request of unknown price");
    expect(format.unpriced(1200)).toBe("1,200 requests of unknown price");
  });

  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1234, "1.2 s"],
    [59_949, "59.9 s"],
    [59_999, "1m 00s"],
    [185_000, "3m 05s"],
    [8_040_000, "2h 14m"],
    [273_600_000, "3d 4h"],
  ])("duration(%s) is %s", (value, text) => expect(format.duration(value)).toBe(text));

  it.each([
    [0, "0%"],
    [0.042, "4.2%"],
    [0.0996, "10%"],
    [0.39, "39%"],
    [12, "1,200%"],
  ])("percent(%s) is %s", (value, text) => expect(format.percent(value)).toBe(text));

  it("has no change from nothing to something", () => {
    expect(format.change(3, 0)).toBeNull();
    expect(format.change(0, 0)).toBe(0);
    expect(format.change(3, 4)).toBe(-0.25);
  });
});

describe("names", () => {
  it("shortens installation ids and nothing else", () => {
    expect(format.person("55cd699992c4af7e17fbbb1acdc54d882f8da554a1d7b5def258f523b65888d6")).toBe("55cd699992…");
    expect(format.person("ada@example.com")).toBe("ada@example.com");
    expect(format.person(null)).toBe("unknown");
  });

  it("names agents it knows and keeps others", () => {
    expect(format.agent("claude_code")).toBe("Claude Code");
    expect(format.agent("other")).toBe("other");
  });

  it("orders joined names", () => expect(format.list("b,a")).toBe("a, b"));

  it("says a period by its days in UTC", () => {
    expect(format.period("2026-11-15T00:00:00.000Z", "2026-11-22T00:00:00.000Z")).toBe("Nov 15 – Nov 21");
    expect(format.period("2026-11-21T00:00:00.000Z", "2026-11-22T00:00:00.000Z")).toBe("Nov 21");
  });
});

describe("versions", () => {
  it("are sorted by their numbers, the highest first, each once", () => {
    expect(format.versions(["1.9.0", null, "1.10.0", "1.2.0", "1.9.0"])).toEqual(["1.10.0", "1.9.0", "1.2.0"]);
    expect(format.versions(null)).toEqual([]);
  });
});
