/** Methods of texts, lists and numbers that expressions may call: none that changes its value or reaches a constructor. */

import { MAX_OUTPUT, TemplateFault } from "../fault";

/** Which values have it. */
type Owner = "text" | "list" | "number" | "any";

export const METHODS: Readonly<Record<string, readonly Owner[]>> = {
  at: ["text", "list"],
  charAt: ["text"],
  concat: ["text", "list"],
  endsWith: ["text"],
  includes: ["text", "list"],
  indexOf: ["text", "list"],
  join: ["list"],
  lastIndexOf: ["text", "list"],
  padEnd: ["text"],
  padStart: ["text"],
  repeat: ["text"],
  replace: ["text"],
  replaceAll: ["text"],
  slice: ["text", "list"],
  split: ["text"],
  startsWith: ["text"],
  substring: ["text"],
  toFixed: ["number"],
  toLowerCase: ["text"],
  toString: ["any" as const],
  toUpperCase: ["text"],
  trim: ["text"],
  trimEnd: ["text"],
  trimStart: ["text"],
};

export function callMethod(value: unknown, name: string, values: unknown[]): unknown {
  const owner: Owner | undefined =
    typeof value === "string"
      ? "text"
      : typeof value === "number"
        ? "number"
        : Array.isArray(value)
          ? "list"
          : undefined;
  const owners: readonly Owner[] = METHODS[name] ?? [];
  if (value === null || value === undefined || !(owners.includes("any") || (owner && owners.includes(owner)))) {
    throw new TemplateFault(`the value has no method \`${name}\``, "look at what the value is before it is used");
  }
  const size = name === "repeat" ? Number(values[0]) * String(value).length : Number(values[0]);
  if (["repeat", "padEnd", "padStart"].includes(name) && size > MAX_OUTPUT) throw TemplateFault.tooLarge();
  // A function as an argument cannot come from a template, and a regular expression neither.
  const method = (Object(value) as Record<string, (...values: unknown[]) => unknown>)[name];
  return method?.apply(value, values);
}
