import { describe, expect, it } from "vitest";
import { Firsts, isUserAction, REPORT_MODES, type ReportMode, reportMode } from "../src/modes";

const ACTIONS = ["click", "dblclick", "blur", "mouseover", "hover"];
const OTHERS = [
  "load",
  "interval",
  "appear",
  "initialize",
  "keydown",
  "keyup",
  "keypress",
  "change",
  "selectionchange",
];
const MORE = ["statechange", "custom"];

describe("the mode of a starter brick", () => {
  it.each(REPORT_MODES)("%s is taken as it is, whatever the trigger", (mode) => {
    for (const trigger of ["click", "load"]) expect(reportMode(mode, trigger)).toBe(mode);
  });

  it.each(["All", "first", "", 0, false, {}])("%j is refused by name", (value) => {
    expect(() => reportMode(value, "click")).toThrow(`Invalid reportMode: ${String(value)}`);
    expect(() => reportMode(value, "click")).toThrow("all, once, error-once, never");
    expect(() => reportMode(value, "click")).toThrow(expect.objectContaining({ name: "BusinessError" }));
  });

  it.each(ACTIONS)("of %s is all when absent: a user did it", (trigger) => {
    expect(isUserAction(trigger)).toBe(true);
    expect([reportMode(undefined, trigger), reportMode(null, trigger)]).toEqual(["all", "all"]);
  });

  it.each([...OTHERS, ...MORE])("of %s is error-once when absent", (trigger) => {
    expect(isUserAction(trigger)).toBe(false);
    expect(reportMode(undefined, trigger)).toBe("error-once");
  });

  it("is that of load where no trigger is named", () => expect(reportMode(undefined)).toBe("error-once"));

  it.each(["click", "load", undefined])(
    "is once for %s when absent, where the documentation's default is set",
    (trigger) => {
      expect(reportMode(undefined, trigger, "page")).toBe("once");
    },
  );

  it("is not changed by the setting where there is one", () =>
    expect(reportMode("never", "load", "page")).toBe("never"));
});

describe("three runs", () => {
  const outcomes = (mode: ReportMode, trigger = "load") => {
    const firsts = new Firsts();
    return {
      events: [1, 2, 3].map(() => firsts.event(mode, "a")),
      errors: [1, 2, 3].map(() => firsts.error(mode, "a", trigger, new Error("no"))),
    };
  };

  it.each([
    ["all", [true, true, true], [true, true, true]],
    ["once", [true, false, false], [true, false, false]],
    ["error-once", [false, false, false], [true, false, false]],
    ["never", [false, false, false], [false, false, false]],
  ] as const)("under %s report as the table says", (mode, events, errors) => {
    expect(outcomes(mode)).toEqual({ events, errors });
    expect(outcomes(mode, "click")).toEqual({ events, errors });
  });
});

describe("firsts", () => {
  it("of events and errors are independent", () => {
    const firsts = new Firsts();
    expect(firsts.error("once", "a", "load", new Error())).toBe(true);
    expect(firsts.event("once", "a")).toBe(true);
    expect(firsts.error("once", "a", "load", new Error())).toBe(false);
    expect(firsts.event("once", "a")).toBe(false);
  });

  it("are of each component", () => {
    const firsts = new Firsts();
    expect(["a", "b", "a", "b"].map((id) => firsts.event("once", id))).toEqual([true, true, false, false]);
  });

  it("are counted before the mode is looked at", () => {
    const firsts = new Firsts();
    expect(firsts.event("never", "a")).toBe(false);
    expect(firsts.event("once", "a")).toBe(false);
    expect(firsts.error("never", "a", "load", new Error())).toBe(false);
    expect(firsts.error("error-once", "a", "load", new Error())).toBe(false);
  });

  const invalidated = new Error("Extension context invalidated.");

  it("are not used up by an invalidated context, which nobody is told of", () => {
    const firsts = new Firsts();
    expect(firsts.error("all", "a", "interval", invalidated)).toBe(false);
    expect(firsts.error("once", "a", "interval", invalidated)).toBe(false);
    expect(firsts.error("once", "a", "interval", new Error("real"))).toBe(true);
  });

  it("are used up by it where a user did something", () => {
    const firsts = new Firsts();
    expect(firsts.error("once", "a", "click", invalidated)).toBe(true);
    expect(firsts.error("once", "a", "click", new Error("real"))).toBe(false);
  });
});
