import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check, InvalidDefinitionError, load } from "../../src/brick";

const FIXTURES = join(import.meta.dirname, "../../../../fixtures/bricks");
const definitions = (folder: string) =>
  readdirSync(join(FIXTURES, folder)).filter((name) => !name.endsWith(".expected.json"));
const text = (name: string) => readFileSync(join(FIXTURES, name), "utf8");

describe("the published definition", () => {
  it("is good", () => {
    expect(check(text("telemetry-record.yaml"))).toEqual([]);
    const { metadata, pipeline } = load(text("telemetry-record.yaml"));
    expect(metadata.id).toBe("@pixies/telemetry/record");
    expect(pipeline.map(({ id }) => id)).toEqual(["@pixiebrix/run"]);
  });

  it("is good with the line ends of Windows and a byte order mark", () => {
    expect(check(`\u{feff}${text("telemetry-record.yaml").replaceAll("\n", "\r\n")}`)).toEqual([]);
  });
});

describe("good definitions", () => {
  it.each(definitions("good"))("%s has no problems", (name) => {
    expect(check(text(`good/${name}`))).toEqual([]);
  });
});

// `crates/brick` is held to the same files. What a YAML library says in its own words is left out there.
describe("bad definitions", () => {
  it.each(definitions("bad"))("%s has the expected problems", (name) => {
    const expected: object[] = JSON.parse(text(`bad/${name.replace(/\.\w+$/, ".expected.json")}`));
    expect(check(text(`bad/${name}`))).toEqual(expected.map((problem) => expect.objectContaining(problem)));
  });
});

describe("a definition that is cut or lacks a piece", () => {
  const seed = text("telemetry-record.yaml");
  const starts = Array.from({ length: Math.ceil(seed.length / 61) }, (_, index) => index * 61);
  const pieces = ["", "!var ", "&a ", "*a", "{{ ", "[", '"', "\n- ", "? ", "\u{1f4a5}", "__type__: var"];

  it.each(pieces)("has problems in lines that exist, with %j in place of the piece", (piece) => {
    for (const start of starts) {
      for (const changed of [seed.slice(0, start) + piece, seed.slice(0, start) + piece + seed.slice(start + 11)]) {
        const lines = changed.split("\n").length;
        for (const { line, column, message, hint } of check(changed)) {
          expect(line >= 1 && line <= lines && column >= 1, `${line}:${column} of ${lines}: ${message}`).toBe(true);
          expect(message !== "" && hint !== "").toBe(true);
        }
      }
    }
  });
});

describe("load", () => {
  it("names the first error with its line and what to do", () => {
    const bad = text("telemetry-record.yaml").replace("mergeStrategy: replace", "mergeStrategy: replce");
    expect(() => load(bad)).toThrow(
      "Invalid user-defined brick configuration: line 54, pipeline[0].config.body[3].config.mergeStrategy: " +
        "unknown value `replce`; did you mean `replace`?",
    );
    expect(() => load(bad)).toThrow(InvalidDefinitionError);
  });

  it("keeps the keys of a prototype out of one", () => {
    const definition = load(
      text("telemetry-record.yaml").replace("type: object\n      ", "__proto__: {x: 1}\n      type: object\n      "),
    );
    expect(Object.getPrototypeOf(definition.inputSchema)).toBe(Object.prototype);
  });

  it("reads no file beyond the limit", () => {
    expect(check("x".repeat(200), { bytes: 100 })).toMatchObject([{ code: "too-large" }]);
  });

  it("ends on lists that are nested deeper than its parser goes", () => {
    expect(check("[".repeat(10_000))).toMatchObject([{ severity: "error" }]);
  });
});
