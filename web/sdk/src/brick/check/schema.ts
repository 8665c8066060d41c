/**
 * `inputSchema` and `outputSchema`: JSON Schema of draft-07, 2019-09 or 2020-12. What a keyword may hold is the union of the
 * three, as their metaschemas have it.
 */

import type { Checker } from "../check";
import { nearest, suggestion } from "../nearest";
import { entriesOf, get, itemsOf, type Node, textOf } from "../node";
import { quoted } from "../problem";
import { isDatabase, isService, THEIRS } from "../references";

const DRAFTS = [
  "json-schema.org/draft-07/schema",
  "json-schema.org/draft/2019-09/schema",
  "json-schema.org/draft/2020-12/schema",
];
const TYPES = ["null", "boolean", "object", "array", "number", "integer", "string"];

type Holds =
  | "schema"
  | "schemaOrSchemas"
  | "schemas"
  | "schemasByName"
  | "schemasOrNamesByName"
  | "type"
  | "anything"
  | "list"
  | "count"
  | "number"
  | "positive"
  | "switch"
  | "text"
  | "names"
  | "namesByName";

const KEYWORDS: Record<string, Holds> = {
  $anchor: "text",
  $comment: "text",
  $defs: "schemasByName",
  $dynamicAnchor: "text",
  $dynamicRef: "text",
  $id: "text",
  $recursiveAnchor: "switch",
  $recursiveRef: "text",
  $ref: "text",
  $schema: "text",
  additionalItems: "schema",
  additionalProperties: "schema",
  allOf: "schemas",
  anyOf: "schemas",
  const: "anything",
  contains: "schema",
  contentEncoding: "text",
  contentMediaType: "text",
  contentSchema: "schema",
  default: "anything",
  definitions: "schemasByName",
  dependencies: "schemasOrNamesByName",
  dependentRequired: "namesByName",
  dependentSchemas: "schemasByName",
  deprecated: "switch",
  description: "text",
  else: "schema",
  enum: "list",
  examples: "list",
  exclusiveMaximum: "number",
  exclusiveMinimum: "number",
  format: "text",
  if: "schema",
  items: "schemaOrSchemas",
  maxContains: "count",
  maxItems: "count",
  maxLength: "count",
  maxProperties: "count",
  maximum: "number",
  minContains: "count",
  minItems: "count",
  minLength: "count",
  minProperties: "count",
  minimum: "number",
  multipleOf: "positive",
  not: "schema",
  oneOf: "schemas",
  pattern: "text",
  patternProperties: "schemasByName",
  prefixItems: "schemas",
  properties: "schemasByName",
  propertyNames: "schema",
  readOnly: "switch",
  required: "names",
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
  then: "schema",
  title: "text",
  type: "type",
  unevaluatedItems: "schema",
  unevaluatedProperties: "schema",
  uniqueItems: "switch",
  writeOnly: "switch",
};

/** Of the inputs, which come as an object. */
export function checkInputSchema(checker: Checker, schema: Node): undefined {
  checkSchema(checker, schema);
  const type = get(schema, "type");
  const name = textOf(type);
  if (type === undefined || name === undefined || name === "object" || !TYPES.includes(name)) return;
  const hint = "write `type: object` and the inputs below `properties`";
  checker.at("type", () => checker.error("schema", type.place, "inputs come as an object", hint));
}

export function checkSchema(checker: Checker, schema: Node): undefined {
  new SchemaCheck(checker, schema).schema(schema);
}

class SchemaCheck {
  readonly #checker: Checker;
  readonly #root: Node;

  constructor(checker: Checker, root: Node) {
    this.#checker = checker;
    this.#root = root;
  }

  schema(schema: Node): undefined {
    if (schema.kind === "bool" && schema !== this.#root) return;
    if (schema.kind !== "map") return this.#wants(schema, "a JSON Schema, which is a mapping");
    const checker = this.#checker;
    for (const { key, value } of schema.entries) {
      const holds = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key] : undefined;
      checker.at(key, () => (holds === undefined ? this.#nearMiss(key, value) : this.#keyword(holds, value)));
    }
    checker.optional(schema, "$schema", (draft) => this.#draft(draft));
    checker.optional(schema, "$ref", (reference) => this.#reference(reference));
    this.#requiredProperties(schema);
  }

  #keyword(holds: Holds, value: Node): undefined {
    const number = value.kind === "number" ? value.number : Number.NaN;
    switch (holds) {
      case "anything":
        return;
      case "schema":
        return this.schema(value);
      case "schemaOrSchemas":
      case "schemas":
        if (holds === "schemaOrSchemas" && value.kind !== "list") return this.schema(value);
        if (value.kind !== "list" || value.items.length === 0)
          return this.#wants(value, "a list of one schema or more");
        return this.#schemas(value);
      case "schemasByName":
      case "schemasOrNamesByName":
      case "namesByName":
        return this.#byName(holds, value);
      case "type":
        return this.#type(value);
      case "names":
        return this.#names(value);
      case "list":
        return value.kind === "list" ? undefined : this.#wants(value, "a list");
      case "count":
        return number >= 0 && number % 1 === 0 ? undefined : this.#wants(value, "a whole number of 0 or more");
      case "number":
        return value.kind === "number" ? undefined : this.#wants(value, "a number");
      case "positive":
        return number > 0 ? undefined : this.#wants(value, "a number above 0");
      case "switch":
        return value.kind === "bool" ? undefined : this.#wants(value, "true or false");
      case "text":
        return value.kind === "text" ? undefined : this.#wants(value, "a text");
    }
  }

  #wants(value: Node, what: string): undefined {
    const hint = "see json-schema.org for what the keyword holds";
    this.#checker.error("schema", value.place, `expected ${what}`, hint);
  }

  #schemas(value: Node): undefined {
    itemsOf(value)?.forEach((item, index) => {
      this.#checker.at(index, () => this.schema(item));
    });
  }

  #byName(holds: Holds, value: Node): undefined {
    if (value.kind !== "map") return this.#wants(value, "a mapping");
    for (const entry of value.entries) {
      const isNames = holds === "namesByName" || (holds === "schemasOrNamesByName" && entry.value.kind === "list");
      this.#checker.at(entry.key, () => (isNames ? this.#names(entry.value) : this.schema(entry.value)));
    }
  }

  #names(value: Node): undefined {
    if (value.kind !== "list") return this.#wants(value, "a list of names");
    const seen = new Set<string>();
    value.items.forEach((item, index) => {
      this.#checker.at(index, () => {
        const name = textOf(item);
        if (name === undefined) return this.#wants(item, "a name");
        if (seen.has(name)) {
          this.#checker.error("duplicate", item.place, `${quoted(name)} stands here twice`, "keep one of them");
        }
        seen.add(name);
      });
    });
  }

  #type(value: Node): undefined {
    if (value.kind === "text") return this.#typeName(value.text, value);
    if (value.kind !== "list" || value.items.length === 0) return this.#wants(value, "the name of a type");
    value.items.forEach((item, index) => {
      this.#checker.at(index, () => {
        if (item.kind === "text") this.#typeName(item.text, item);
        else this.#wants(item, "the name of a type");
      });
    });
  }

  #typeName(name: string, value: Node): undefined {
    if (TYPES.includes(name)) return;
    this.#checker.error("schema", value.place, `unknown type ${quoted(name)}`, suggestion(name, TYPES));
  }

  /** Unknown keywords are allowed; one that is nearly a known one is hardly meant. */
  #nearMiss(name: string, value: Node): undefined {
    const meant = [...name].length >= 5 ? nearest(name, Object.keys(KEYWORDS)) : undefined;
    if (meant === undefined) return;
    const message = `${quoted(name)} is no keyword of JSON Schema`;
    this.#checker.warning("unknown", value.place, message, `did you mean \`${meant}\`?`);
  }

  #draft(value: Node): undefined {
    const uri = textOf(value);
    if (uri === undefined) return;
    const bare = /^https?:\/\/(.*?)#?$/s.exec(uri)?.[1];
    if (bare !== undefined && DRAFTS.includes(bare)) return;
    const hint = "write https://json-schema.org/draft/2019-09/schema# (or draft-07, 2020-12)";
    this.#checker.error("schema", value.place, `unknown draft of JSON Schema ${quoted(uri)}`, hint);
  }

  #reference(value: Node): undefined {
    const uri = textOf(value);
    if (uri === undefined || isDatabase(uri) || isService(uri)) return;
    if (uri.startsWith("#")) {
      if (resolves(uri.slice(1), this.#root)) return;
      const message = `${quoted(uri)} points to nothing in this schema`;
      this.#checker.error("reference", value.place, message, "look at the names below `$defs`");
    } else if (uri.startsWith(THEIRS)) {
      const message = `${quoted(uri)} is not known here, so any value passes`;
      this.#checker.warning("reference", value.place, message, "known are services/… and database#");
    } else {
      const hint = "write the schema below `$defs` and point to it with #/$defs/…";
      this.#checker.error("reference", value.place, `${quoted(uri)} cannot be resolved`, hint);
    }
  }

  #requiredProperties(schema: Node): undefined {
    const properties = get(schema, "properties");
    if (properties?.kind !== "map") return;
    this.#checker.optional(schema, "required", (required) => {
      itemsOf(required)?.forEach((item, index) => {
        const name = textOf(item);
        if (name === undefined || get(properties, name) !== undefined) return;
        const hint = suggestion(
          name,
          properties.entries.map(({ key }) => key),
        );
        const message = `${quoted(name)} is required, but no property`;
        this.#checker.at(index, () => this.#checker.warning("undefined", item.place, message, hint));
      });
    });
  }
}

/** A JSON pointer (RFC 6901), or an anchor that some schema of it has. */
function resolves(pointer: string, root: Node): boolean {
  if (pointer === "") return true;
  if (!pointer.startsWith("/")) return hasAnchor(pointer, root);
  let node: Node | undefined = root;
  for (const escaped of pointer.slice(1).split("/")) {
    const step = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    node = get(node, step) ?? (/^\d+$/.test(step) ? itemsOf(node)?.[Number(step)] : undefined);
    if (node === undefined) return false;
  }
  return true;
}

function hasAnchor(anchor: string, node: Node): boolean {
  const isHere = ["$anchor", "$dynamicAnchor"].some((key) => textOf(get(node, key)) === anchor);
  const below = [...entriesOf(node).map(({ value }) => value), ...(itemsOf(node) ?? [])];
  return isHere || below.some((node) => hasAnchor(anchor, node));
}
