/** What a file says, with the places of its values: one in a mapping stands at its key, one in a list where it begins. */

import type { Place } from "./problem";

export const TAGS = ["var", "mustache", "handlebars", "nunjucks", "pipeline", "defer"] as const;
export type Tag = (typeof TAGS)[number];

export interface Entry {
  key: string;
  value: Node;
}

export type Node = { place: Place } & (
  | { kind: "null" }
  | { kind: "bool"; bool: boolean }
  | { kind: "number"; number: number }
  | { kind: "text"; text: string }
  | { kind: "list"; items: Node[] }
  /** Keys are unique. */
  | { kind: "map"; entries: Entry[] }
  /** A tagged value: in JSON a mapping of `__type__` and `__value__`. */
  | { kind: "expression"; tag: Tag; value: Node }
);

export function entriesOf(node: Node | undefined): Entry[] {
  return node?.kind === "map" ? node.entries : [];
}

export function get(node: Node | undefined, key: string): Node | undefined {
  return entriesOf(node).find((entry) => entry.key === key)?.value;
}

export function itemsOf(node: Node | undefined): Node[] | undefined {
  return node?.kind === "list" ? node.items : undefined;
}

export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === "text" ? node.text : undefined;
}

/** What it is, in words. */
export function kindOf(node: Node): string {
  switch (node.kind) {
    case "null":
      return "nothing";
    case "bool":
      return "true or false";
    case "number":
      return "a number";
    case "text":
      return "a text";
    case "list":
      return "a list";
    case "map":
      return "a mapping";
    case "expression":
      return node.tag === "var" || node.tag === "pipeline" || node.tag === "defer"
        ? `a \`!${node.tag}\``
        : "a template";
  }
}

/** "expected a text, found a list". */
export function expected(what: string, found: Node): string {
  return `expected ${what}, found ${kindOf(found)}`;
}

/** Whether the tag can stand on such a value. */
export function takes(tag: Tag, value: Node): boolean {
  if (tag === "pipeline") return value.kind === "list";
  return tag === "defer" ? value.kind === "map" : value.kind === "text";
}

/** What the tag can stand on, in words. */
export function wants(tag: Tag): string {
  if (tag === "pipeline") return "a list of bricks";
  return tag === "defer" ? "a mapping" : "a text";
}
