/** `!var` paths: `@input.data.case`, `@input?.data?.case?`, `@rows[0]["First name"]`. */

import { quoted } from "../problem";
import { lookup, type Reference, TemplateFault } from "./fault";

interface Segment {
  name: string;
  /** Whether a `?` behind it says that it may be missing. */
  mayMiss: boolean;
}

const ROOT = /^(@?[\w-]+)(\??)/;
const MEMBER = /^(?:\.([\w-]+)|\[(?:"([^"]*)"|'([^']*)'|(\d+))\])(\??)/;

function parse(text: string): Segment[] {
  const segments: Segment[] = [];
  let rest = text;
  while (segments.length === 0 || rest !== "") {
    const match = (segments.length === 0 ? ROOT : MEMBER).exec(rest);
    if (match === null) {
      const hint = "write a path such as `@input.data`, `@context.url` or `@input.data?.case`";
      throw new TemplateFault(`${quoted(text)} is no path of a variable`, hint);
    }
    const name = match.slice(1, -1).find((group) => group !== undefined) ?? "";
    segments.push({ name, mayMiss: match.at(-1) === "?" });
    rest = rest.slice(match[0].length);
  }
  return segments;
}

export function varReference(text: string): Reference {
  const [root, member] = parse(text);
  const reference: Reference = { root: root?.name ?? "", mayMiss: root?.mayMiss ?? false };
  return member === undefined ? reference : { ...reference, member: member.name };
}

/**
 * The value at the path, of whatever type it is; `undefined` where a member is not there.
 *
 * @throws TemplateFault when a value on the way is missing and nothing marks it with `?`
 */
export function evaluateVar(text: string, variables: Readonly<Record<string, unknown>>): unknown {
  const segments = parse(text);
  let value: unknown = variables;
  let before: Segment | undefined;
  for (const segment of segments) {
    const isMissing = value === null || value === undefined;
    const isUndefined = before === undefined && !Object.hasOwn(variables, segment.name);
    if ((isMissing && before?.mayMiss !== true) || (isUndefined && !segment.mayMiss)) {
      const missing = before === undefined ? segment.name : before.name;
      const hint = `write ${missing}? where it may be missing`;
      throw new TemplateFault(`${quoted(text)}: ${quoted(missing)} is not defined`, hint);
    }
    if (isMissing) return undefined;
    value = lookup(value, segment.name);
    before = segment;
  }
  return value;
}
