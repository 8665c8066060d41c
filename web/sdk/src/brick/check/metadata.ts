/** `metadata`: who the brick is. */

import type { Checker } from "../check";
import { expected, get, type Node, textOf } from "../node";
import { quoted } from "../problem";

const ID_HINT = "use lower case letters, digits and - . _ ~ in parts divided by /, the first of which may begin with @";

const ID = /^@?[a-z0-9][a-z0-9\-._~]*(\/[a-z0-9][a-z0-9\-._~]*)*$/;
/** semver.org, version 2.0.0. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/;

export function checkMetadata(checker: Checker, metadata: Node): undefined {
  if (metadata.kind !== "map") {
    const message = expected("a mapping with id, version and name", metadata);
    checker.error("type", metadata.place, message, "indent them below `metadata:`");
    return;
  }
  checker.required(metadata, "id", 'id: "@team/brick"', (id) => {
    const isId = (id: string) => ID.test(id) && id.length <= 214;
    checkText(checker, id, isId, "an id such as `@team/collection/brick`", ID_HINT);
  });
  checker.required(metadata, "version", "version: 1.0.0", (version) => {
    const hint = "write three numbers: major.minor.patch";
    checkText(checker, version, (text) => SEMVER.test(text), "a semantic version such as `1.0.0`", hint);
  });
  checker.required(metadata, "name", "name: My brick", (name) => {
    const isName = (name: string) => name.trim() !== "" && [...name].length <= 256;
    checkText(checker, name, isName, "a name of 1 to 256 characters", "write what people read in a list of bricks");
  });
  const description = get(metadata, "description");
  if (description !== undefined && description.kind !== "text") {
    const message = expected("a text", description);
    checker.at("description", () => checker.error("type", description.place, message, "put it into quotes"));
  }
}

function checkText(
  checker: Checker,
  node: Node,
  isGood: (text: string) => boolean,
  what: string,
  hint: string,
): undefined {
  const text = textOf(node);
  if (text === undefined) checker.error("type", node.place, expected(what, node), "put it into quotes");
  else if (!isGood(text)) checker.error("value", node.place, `expected ${what}, found ${quoted(text)}`, hint);
}
