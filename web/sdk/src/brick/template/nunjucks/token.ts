/** The words of a tag. */

import { quoted } from "../../problem";
import { TemplateFault } from "../fault";

export type Token =
  | { type: "name"; name: string }
  | { type: "text"; text: string }
  | { type: "number"; number: number }
  | { type: "mark"; mark: string };

const MARK = /^(===|!==|==|!=|<=|>=|\/\/|\*\*|[()[\]{}.,:|+\-*/%~<>=])/;
const NAME = /^[\p{Alphabetic}\p{N}_$@]+/u;
const HINT = "look for an operator or a bracket that is missing";

export function unexpected(token: Token): TemplateFault {
  const shown = {
    name: () => quoted((token as { name: string }).name),
    text: () => "a text",
    number: () => "a number",
    mark: () => `\`${(token as { mark: string }).mark}\``,
  }[token.type]();
  return new TemplateFault(`${shown} is unexpected in the template`, HINT);
}

export interface Tokens {
  tokens: Token[];
  /** What is behind the tag; `undefined` where its end does not come. */
  rest: string | undefined;
}

/** The tokens up to `close`. */
export function tokenize(text: string, close: string): Tokens {
  const tokens: Token[] = [];
  let rest = text.trimStart();
  while (rest !== "") {
    if (rest.startsWith(close)) return { tokens, rest: rest.slice(close.length) };
    if (rest.startsWith(`-${close}`)) return { tokens, rest: rest.slice(close.length + 1).trimStart() };
    const [token, length] = next(rest);
    tokens.push(token);
    rest = rest.slice(length).trimStart();
  }
  return { tokens, rest: undefined };
}

function next(rest: string): [Token, number] {
  if (rest.startsWith('"') || rest.startsWith("'")) return string(rest);
  const number = /^\d+(\.\d+)?/.exec(rest)?.[0];
  if (number !== undefined) return [{ type: "number", number: Number(number) }, number.length];
  const name = NAME.exec(rest)?.[0];
  if (name !== undefined) return [{ type: "name", name }, name.length];
  const mark = MARK.exec(rest)?.[0];
  if (mark !== undefined) return [{ type: "mark", mark }, mark.length];
  const [char = ""] = rest;
  throw new TemplateFault(`${quoted(char)} is unexpected in the template`, HINT);
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r" };

function string(rest: string): [Token, number] {
  const quote = rest[0];
  let text = "";
  for (let index = 1; index < rest.length; index++) {
    const char = rest[index] ?? "";
    if (char === quote) return [{ type: "text", text }, index + 1];
    if (char === "\\") {
      index += 1;
      const escaped = rest[index] ?? "";
      text += ESCAPES[escaped] ?? escaped;
    } else {
      text += char;
    }
  }
  throw new TemplateFault("a text in the template is not closed", `close it with ${quote}`);
}
