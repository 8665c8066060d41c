/** Expressions: which variables they use, and what they give. */

import type { Tag } from "./node";
import type { Reference } from "./template/fault";
import { evaluateMustache, parseMustache } from "./template/mustache";
import { evaluateNunjucks } from "./template/nunjucks/evaluate";
import { parseNunjucks } from "./template/nunjucks/parse";
import { evaluateVar, varReference } from "./template/var";

export { type Reference, TemplateFault } from "./template/fault";

export type ExpressionTag = Exclude<Tag, "pipeline" | "defer">;

/** @throws TemplateFault when the text cannot be read */
export function referencesOf(tag: ExpressionTag, text: string): Reference[] {
  if (tag === "var") return [varReference(text)];
  return tag === "nunjucks" ? parseNunjucks(text).references : parseMustache(text, tag).references;
}

/**
 * A `var` gives the value itself, of its type; a template gives a text.
 *
 * @throws TemplateFault when the text cannot be read, or a value that it needs is missing
 */
export function evaluate(tag: ExpressionTag, text: string, variables: Readonly<Record<string, unknown>>): unknown {
  if (tag === "var") return evaluateVar(text, variables);
  if (tag === "nunjucks") return evaluateNunjucks(parseNunjucks(text), underscored(variables));
  return evaluateMustache(parseMustache(text, tag), variables);
}

/** Nunjucks reads a hyphen as minus, so it sees `@page-context` as `@page_context`. */
function underscored(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name.replaceAll("-", "_"), value]));
}
