import Ajv2019 from "ajv/dist/2019";
import Ajv2020 from "ajv/dist/2020";
import { describe, expect, it } from "vitest";
import { validate } from "../../src/brick/validate";

const VALUES: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  3,
  12,
  "",
  "a",
  "abc",
  "2026-11-21",
  "💥💥",
  [],
  [1],
  [1, 1],
  [1, "a"],
  [{ a: 1 }, { a: 1 }],
  [3, 2, 1],
  {},
  { a: 1 },
  { a: "x", b: 2 },
  { b: 2 },
  { a: { b: { a: 1 } } },
  { a: null, c: [] },
  { x1: 1, x2: "no" },
];

const SCHEMAS: (boolean | object)[] = [
  true,
  false,
  {},
  ...["null", "boolean", "object", "array", "number", "integer", "string"].map((type) => ({ type })),
  { type: ["string", "null"] },
  { enum: [1, "a", { a: 1 }, null] },
  { const: { a: 1 } },
  { const: [1, 1] },
  { minLength: 1, maxLength: 2 },
  { pattern: "^\\d{4}-" },
  { minimum: 1, maximum: 3 },
  { exclusiveMinimum: 1, exclusiveMaximum: 12 },
  { multipleOf: 1.5 },
  { minItems: 1, maxItems: 2 },
  { uniqueItems: true },
  { items: { type: "number" } },
  { contains: { const: 1 } },
  { contains: { type: "number" }, minContains: 2, maxContains: 2 },
  { minProperties: 1, maxProperties: 1 },
  { required: ["a"] },
  { properties: { a: { type: "number" } }, additionalProperties: false },
  { properties: { a: true }, additionalProperties: { type: "number" } },
  { patternProperties: { "^x": { type: "number" } }, additionalProperties: { type: "string" } },
  { propertyNames: { maxLength: 1 } },
  { dependentRequired: { a: ["b"] } },
  { dependentSchemas: { a: { required: ["b"] } } },
  { allOf: [{ required: ["a"] }, { required: ["b"] }] },
  { anyOf: [{ type: "string" }, { required: ["b"] }] },
  { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
  { not: { type: "object" } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  { if: { required: ["a"] }, then: { required: ["b"] }, else: { type: "string" } },
  {
    $ref: "#/$defs/node",
    $defs: { node: { properties: { a: { $ref: "#/$defs/inner" } } }, inner: { type: "object" } },
  },
  { properties: { a: { $ref: "#" }, b: { type: "number" } }, additionalProperties: false },
  { $ref: "#thing", $defs: { x: { $anchor: "thing", type: "object" } } },
];

describe("the own validator judges as Ajv does", () => {
  it.each(SCHEMAS.map((schema) => [JSON.stringify(schema), schema] as const))("%s", (_name, schema) => {
    const theirs = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
    for (const value of VALUES) {
      expect(validate(schema, value).length === 0, JSON.stringify(value)).toBe(theirs(value));
    }
  });

  it("knows the lists of 2019-09 and those of 2020-12", () => {
    const older = { items: [{ type: "number" }, { type: "string" }], additionalItems: false };
    const newer = { prefixItems: [{ type: "number" }, { type: "string" }], items: false };
    const theirs = [new Ajv2019({ strict: false }).compile(older), new Ajv2020({ strict: false }).compile(newer)];
    for (const value of VALUES) {
      const judged = [older, newer].map((schema) => validate(schema, value).length === 0);
      expect(judged, JSON.stringify(value)).toEqual(theirs.map((judge) => judge(value)));
    }
  });
});

describe("violations", () => {
  it("tell where, and nothing of the value", () => {
    const schema = { properties: { data: { properties: { rows: { items: { type: "number" } } } } } };
    expect(validate(schema, { data: { rows: [1, "secret"] } })).toEqual([
      { path: "data.rows[1]", message: "is string, not number" },
    ]);
  });

  it("end where a schema goes in circles", () => {
    expect(validate({ $ref: "#" }, 1)).not.toEqual([]);
  });

  it("take a service and a database for what they are", () => {
    const service = { $ref: "https://app.pixiebrix.com/schemas/services/@pixiebrix/api" };
    const database = { $ref: "https://app.pixiebrix.com/schemas/database#" };
    expect(validate(service, { id: "x" })).toEqual([]);
    expect(validate(service, "x")).not.toEqual([]);
    expect(validate(database, "9f4d5b0e-0000-4000-8000-000000000000")).toEqual([]);
    expect(validate(database, "Telemetry")).toEqual([]);
    expect(validate(database, "")).not.toEqual([]);
  });
});
