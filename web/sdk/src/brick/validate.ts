/**
 * JSON Schema (draft-07, 2019-09, 2020-12) by walking it: validators that compile need `new Function`, which a strict
 * Content-Security-Policy forbids. Of the keywords `unevaluatedItems`, `unevaluatedProperties`, `$dynamicRef`, `$recursiveRef` and
 * all formats are annotations here; `tests/brick/validate.test.ts` has Ajv as its judge.
 */

import { standIn } from "./references";

export interface Violation {
  /** Of the value, such as `data.rows[0]`; empty for the whole. */
  path: string;
  /** Without the value: it may be somebody's data. */
  message: string;
}

type Schema = Record<string, unknown>;

const MAX_VIOLATIONS = 20;
const MAX_DEPTH = 128;

/** What is wrong with a value; empty when the schema takes it. */
export function validate(schema: unknown, value: unknown): Violation[] {
  const violations = new Validation(schema).check(schema, value, "", 0);
  return violations.slice(0, MAX_VIOLATIONS);
}

class Validation {
  readonly #root: unknown;

  constructor(root: unknown) {
    this.#root = root;
  }

  check(schema: unknown, value: unknown, path: string, depth: number): Violation[] {
    if (schema === true || schema === undefined) return [];
    if (schema === false) return [{ path, message: "is not allowed" }];
    if (!isRecord(schema)) return [];
    if (depth > MAX_DEPTH) return [{ path, message: "is nested too deep for its schema" }];
    const at = { value, path, depth: depth + 1 };
    const found = [...this.#reference(schema, at), ...general(schema, value, path), ...this.#combined(schema, at)];
    if (typeof value === "string") found.push(...text(schema, value, path));
    if (typeof value === "number") found.push(...number(schema, value, path));
    if (Array.isArray(value)) found.push(...this.#list(schema, value, at));
    else if (isRecord(value)) found.push(...this.#record(schema, value, at));
    return found;
  }

  #passes(schema: unknown, { value, path, depth }: At): boolean {
    return this.check(schema, value, path, depth).length === 0;
  }

  #reference(schema: Schema, at: At): Violation[] {
    const { $ref } = schema;
    if (typeof $ref !== "string") return [];
    const target = $ref.startsWith("#") ? pointed(this.#root, $ref.slice(1)) : standIn($ref);
    return this.check(target, at.value, at.path, at.depth);
  }

  #combined(schema: Schema, at: At): Violation[] {
    const found: Violation[] = [];
    const { path, depth } = at;
    for (const part of listed(schema.allOf)) found.push(...this.check(part, at.value, path, depth));
    if (Array.isArray(schema.anyOf) && !schema.anyOf.some((part) => this.#passes(part, at))) {
      found.push({ path, message: "is none of what is allowed" });
    }
    if (Array.isArray(schema.oneOf)) {
      const count = schema.oneOf.filter((part) => this.#passes(part, at)).length;
      if (count !== 1) found.push({ path, message: `is ${count} of what it may be one of` });
    }
    if (schema.not !== undefined && this.#passes(schema.not, at))
      found.push({ path, message: "is what it may not be" });
    if (schema.if !== undefined) {
      found.push(...this.check(this.#passes(schema.if, at) ? schema.then : schema.else, at.value, path, depth));
    }
    return found;
  }

  #list(schema: Schema, value: unknown[], { path, depth }: At): Violation[] {
    const found = sized("item", value.length, schema.minItems, schema.maxItems, path);
    const first = listed(schema.prefixItems ?? schema.items);
    const rest = Array.isArray(schema.items) ? schema.additionalItems : schema.items;
    value.forEach((item, index) => {
      found.push(...this.check(index < first.length ? first[index] : rest, item, `${path}[${index}]`, depth));
    });
    if (
      schema.uniqueItems === true &&
      value.some((item, index) => value.slice(0, index).some((other) => same(item, other)))
    ) {
      found.push({ path, message: "has an item twice" });
    }
    if (schema.contains !== undefined) {
      const count = value.filter((item) => this.#passes(schema.contains, { value: item, path, depth })).length;
      const [least, most] = [bound(schema.minContains) ?? 1, bound(schema.maxContains) ?? Number.POSITIVE_INFINITY];
      if (count < least || count > most)
        found.push({ path, message: "has too few or too many of what it has to contain" });
    }
    return found;
  }

  #record(schema: Schema, value: Record<string, unknown>, { path, depth }: At): Violation[] {
    const names = Object.keys(value);
    const found = sized("property", names.length, schema.minProperties, schema.maxProperties, path);
    for (const name of listed(schema.required)) {
      if (!Object.hasOwn(value, String(name))) found.push({ path: joined(path, String(name)), message: "is missing" });
    }
    const properties = isRecord(schema.properties) ? schema.properties : {};
    const patterns = Object.entries(isRecord(schema.patternProperties) ? schema.patternProperties : {});
    for (const name of names) {
      const below = joined(path, name);
      const own = Object.hasOwn(properties, name) ? [properties[name]] : [];
      const matching = patterns.filter(([pattern]) => matches(pattern, name)).map(([, part]) => part);
      const parts = [...own, ...matching];
      if (parts.length === 0) parts.push(schema.additionalProperties);
      for (const part of parts) found.push(...this.check(part, value[name], below, depth));
      if (schema.propertyNames !== undefined) found.push(...this.check(schema.propertyNames, name, below, depth));
    }
    for (const dependent of [schema.dependentRequired, schema.dependentSchemas, schema.dependencies]) {
      for (const [name, wanted] of Object.entries(isRecord(dependent) ? dependent : {})) {
        if (!Object.hasOwn(value, name)) continue;
        const part = Array.isArray(wanted) ? { required: wanted } : wanted;
        found.push(...this.check(part, value, path, depth));
      }
    }
    return found;
  }
}

interface At {
  value: unknown;
  path: string;
  depth: number;
}

function general(schema: Schema, value: unknown, path: string): Violation[] {
  const found: Violation[] = [];
  const types = typeof schema.type === "string" ? [schema.type] : listed(schema.type);
  if (types.length > 0 && !types.some((type) => isOf(type, value))) {
    found.push({ path, message: `is ${typeOf(value)}, not ${types.join(" or ")}` });
  }
  if (Array.isArray(schema.enum) && !schema.enum.some((allowed) => same(allowed, value))) {
    found.push({ path, message: "is none of the values that are allowed" });
  }
  if (Object.hasOwn(schema, "const") && !same(schema.const, value)) {
    found.push({ path, message: "is not the one value that is allowed" });
  }
  return found;
}

function text(schema: Schema, value: string, path: string): Violation[] {
  const found = sized("character", [...value].length, schema.minLength, schema.maxLength, path);
  if (typeof schema.pattern === "string" && !matches(schema.pattern, value)) {
    found.push({ path, message: "does not match its pattern" });
  }
  return found;
}

function number(schema: Schema, value: number, path: string): Violation[] {
  const outside =
    value < (bound(schema.minimum) ?? value) ||
    value > (bound(schema.maximum) ?? value) ||
    value <= (bound(schema.exclusiveMinimum) ?? Number.NEGATIVE_INFINITY) ||
    value >= (bound(schema.exclusiveMaximum) ?? Number.POSITIVE_INFINITY);
  const found: Violation[] = outside ? [{ path, message: "is out of its bounds" }] : [];
  const step = bound(schema.multipleOf);
  if (step !== undefined && !Number.isInteger(value / step)) found.push({ path, message: `is no multiple of ${step}` });
  return found;
}

function sized(what: string, size: number, least: unknown, most: unknown, path: string): Violation[] {
  if (size < (bound(least) ?? 0))
    return [{ path, message: `is too short: it has ${size}, at least ${least} wanted (${what})` }];
  if (size > (bound(most) ?? size))
    return [{ path, message: `is too long: it has ${size}, at most ${most} allowed (${what})` }];
  return [];
}

function pointed(root: unknown, pointer: string): unknown {
  if (pointer === "") return root;
  if (!pointer.startsWith("/")) return anchored(root, pointer);
  let value = root;
  for (const escaped of pointer.slice(1).split("/")) {
    const step = decoded(escaped).replaceAll("~1", "/").replaceAll("~0", "~");
    value =
      (isRecord(value) || Array.isArray(value)) && Object.hasOwn(value, step) ? (value as Schema)[step] : undefined;
  }
  return value;
}

function anchored(schema: unknown, anchor: string): unknown {
  if (Array.isArray(schema)) return schema.map((part) => anchored(part, anchor)).find((part) => part !== undefined);
  if (!isRecord(schema)) return undefined;
  if (schema.$anchor === anchor || schema.$dynamicAnchor === anchor) return schema;
  return anchored(Object.values(schema), anchor);
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    // A pattern that is none forbids nothing.
    return true;
  }
}

function isOf(type: unknown, value: unknown): boolean {
  if (type === "integer") return typeof value === "number" && Number.isInteger(value);
  if (type === "number") return typeof value === "number";
  return typeOf(value) === type;
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Equal as JSON: the order of properties does not count. */
function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isRecord(a) || !isRecord(b)) return a === b;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]))
  );
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function bound(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
