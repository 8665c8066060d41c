/** `!var` and templates: whether they can be read, and whether the variables they use are there. */

import type { Checker } from "../check";
import type { KnownBrick } from "../known";
import { suggestion } from "../nearest";
import { type Node, textOf } from "../node";
import { quoted, type Severity } from "../problem";
import { type ExpressionTag, type Reference, referencesOf, TemplateFault } from "../template";
import type { Inputs } from "./inputs";

/** Variables that a brick sees. */
export interface Scope {
  readonly inputs: Inputs;
  readonly outputs: { name: string; brick: KnownBrick | undefined }[];
  /** Whether bricks around may define variables that are not known here. */
  isOpen: boolean;
}

/** `doubt`: how bad a variable is that nobody is known to define. */
export function checkExpression(
  checker: Checker,
  tag: ExpressionTag,
  node: Node,
  scope: Scope,
  doubt: Severity,
): undefined {
  const text = textOf(node);
  if (text === undefined) return;
  let references: Reference[];
  try {
    references = referencesOf(tag, text);
  } catch (fault) {
    if (!(fault instanceof TemplateFault)) throw fault;
    checker.error("expression", node.place, fault.message, fault.hint);
    return;
  }
  for (const reference of references) {
    if (checker.isFull) return;
    if (reference.root === "@input") checkInput(checker, reference, node, scope);
    else if (reference.root !== "@options") checkOutput(checker, reference, node, scope, doubt, tag !== "var");
    else if (reference.member !== undefined) {
      const message = "@options is empty within a brick";
      checker.warning("undefined", node.place, message, "make it an input of the brick");
    }
  }
}

function checkInput(checker: Checker, { member }: Reference, node: Node, { inputs }: Scope): undefined {
  if (member === undefined || inputs.isOpen || inputs.names.includes(member)) return;
  const message = `${quoted(`@input.${member}`)} is no property of inputSchema`;
  checker.error("undefined", node.place, message, suggestion(member, inputs.names));
}

function checkOutput(
  checker: Checker,
  { root, member, mayMiss }: Reference,
  node: Node,
  { outputs }: Scope,
  doubt: Severity,
  isTemplate: boolean,
): undefined {
  const bare = root.startsWith("@") ? root.slice(1) : undefined;
  // Templates see `@my-output` as `@my_output`.
  const isIt = (name: string) => name === bare || (isTemplate && name.replaceAll("-", "_") === bare);
  const output = [...outputs].reverse().find(({ name }) => isIt(name));
  if (output === undefined) {
    if (mayMiss) return;
    const known = ["@input", "@options", ...outputs.map(({ name }) => `@${name}`)];
    checker.tell(
      doubt,
      "undefined",
      node.place,
      `the variable ${quoted(root)} is not defined here`,
      suggestion(root, known),
    );
    return;
  }
  const fields = output.brick?.output;
  if (typeof fields !== "object" || member === undefined || fields.includes(member)) return;
  const message = `the output of ${quoted(output.brick?.id ?? "")} has no ${quoted(member)}`;
  checker.warning("undefined", node.place, message, suggestion(member, fields));
}
