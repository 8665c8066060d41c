//! `uiSchema`: of it `ui:order` is used.

use super::Checker;
use super::inputs::Inputs;
use crate::nearest::suggestion;
use crate::node::{Node, Value};
use crate::path::Step;
use crate::problem::{code, expected, quoted};

impl<'a> Checker<'a, '_> {
    pub(super) fn ui(&mut self, ui: &'a Node, inputs: &Inputs<'a>) {
        if !matches!(ui.value, Value::Map(_)) {
            return self.error(code::TYPE, ui.place, expected("a mapping", ui), "write `ui:order` and a list below it");
        }
        self.optional(ui, "ui:order", |checker, order| checker.order(order, inputs));
    }

    fn order(&mut self, order: &'a Node, inputs: &Inputs<'a>) {
        let Some(items) = order.items() else {
            return self.error(code::TYPE, order.place, expected("a list of inputs", order), "write one input a line");
        };
        let mut seen: Vec<&str> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.at(Step::Index(index), |checker| match item.text() {
                None => {
                    let message = expected("the name of an input", item);
                    checker.error(code::TYPE, item.place, message, "put it into quotes");
                }
                Some(name) if seen.contains(&name) => {
                    let message = format!("{} stands here twice", quoted(name));
                    checker.error(code::DUPLICATE, item.place, message, "keep one of them");
                }
                Some(name) => {
                    seen.push(name);
                    if name != "*" && !inputs.is_open && !inputs.names.contains(&name) {
                        let message = format!("{} is no property of inputSchema", quoted(name));
                        let hint = suggestion(name, inputs.names.iter().copied());
                        checker.error(code::UNDEFINED, item.place, message, &hint);
                    }
                }
            });
        }
        if let Some(left) = inputs.names.iter().find(|name| !seen.contains(name) && !seen.contains(&"*")) {
            let message = format!("{} is not in the order", quoted(left));
            self.warning(code::MISSING, order.place, message, "add it, or `*` for all others");
        }
    }
}
