/** `uiSchema`: of it `ui:order` is used. */

import type { Checker } from "../check";
import { suggestion } from "../nearest";
import { expected, itemsOf, type Node, textOf } from "../node";
import { quoted } from "../problem";
import type { Inputs } from "./inputs";

export function checkUi(checker: Checker, ui: Node, inputs: Inputs): undefined {
  if (ui.kind !== "map") {
    checker.error("type", ui.place, expected("a mapping", ui), "write `ui:order` and a list below it");
    return;
  }
  checker.optional(ui, "ui:order", (order) => checkOrder(checker, order, inputs));
}

function checkOrder(checker: Checker, order: Node, inputs: Inputs): undefined {
  const items = itemsOf(order);
  if (items === undefined) {
    checker.error("type", order.place, expected("a list of inputs", order), "write one input a line");
    return;
  }
  const seen = new Set<string>();
  items.forEach((item, index) => {
    checker.at(index, () => {
      const name = textOf(item);
      if (name === undefined) {
        checker.error("type", item.place, expected("the name of an input", item), "put it into quotes");
      } else if (seen.has(name)) {
        checker.error("duplicate", item.place, `${quoted(name)} stands here twice`, "keep one of them");
      } else {
        seen.add(name);
        if (name === "*" || inputs.isOpen || inputs.names.includes(name)) return;
        const message = `${quoted(name)} is no property of inputSchema`;
        checker.error("undefined", item.place, message, suggestion(name, inputs.names));
      }
    });
  });
  const left = seen.has("*") ? undefined : inputs.names.find((name) => !seen.has(name));
  if (left !== undefined) {
    checker.warning("missing", order.place, `${quoted(left)} is not in the order`, "add it, or `*` for all others");
  }
}
