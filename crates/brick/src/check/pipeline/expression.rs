//! `!var` and templates: whether they can be read, and whether the variables they use are there.

use super::{Checker, Scope};
use crate::known::Output;
use crate::nearest::suggestion;
use crate::node::{Node, Tag};
use crate::problem::{Severity, code, quoted};
use crate::template::mustache::Dialect;
use crate::template::{Fault, Reference, mustache, nunjucks, var};

impl<'a> Checker<'a, '_> {
    /// `doubt`: how bad a variable is that nobody is known to define.
    pub(super) fn expression(&mut self, tag: Tag, node: &'a Node, scope: &Scope<'a, '_>, doubt: Severity) {
        let Some(text) = node.text() else { return };
        let read = match tag {
            Tag::Var => var::parse(text).map(|reference| vec![reference]),
            Tag::Mustache => mustache::parse(text, Dialect::Mustache),
            Tag::Handlebars => mustache::parse(text, Dialect::Handlebars),
            _ => nunjucks::parse(text),
        };
        match read {
            Err(Fault { message, hint }) => self.error(code::EXPRESSION, node.place, message, &hint),
            Ok(references) => {
                for reference in &references {
                    if self.problems.is_full() {
                        return;
                    }
                    self.variable(reference, node, scope, doubt, tag != Tag::Var);
                }
            }
        }
    }

    fn variable(
        &mut self,
        reference: &Reference,
        node: &'a Node,
        scope: &Scope<'a, '_>,
        doubt: Severity,
        is_template: bool,
    ) {
        let member = reference.member.as_deref();
        match reference.root.as_str() {
            "@input" => self.input_variable(member, node, scope),
            "@options" => {
                if member.is_some() {
                    let message = "@options is empty within a brick".to_owned();
                    self.warning(code::UNDEFINED, node.place, message, "make it an input of the brick");
                }
            }
            root => {
                // Templates see `@my-output` as `@my_output`.
                let is_it = |name: &str| {
                    let bare = root.strip_prefix('@');
                    bare.is_some_and(|bare| name == bare || (is_template && name.replace('-', "_") == bare))
                };
                match scope.outputs.iter().rev().find(|(name, _)| is_it(name)) {
                    None if reference.may_miss => {}
                    None => self.undefined(root, node, scope, doubt),
                    Some((_, Some(brick))) => {
                        if let (Output::Fields(fields), Some(member)) = (&brick.output, member)
                            && !fields.contains(&member)
                        {
                            let message = format!("the output of {} has no {}", quoted(brick.id), quoted(member));
                            let hint = suggestion(member, fields.iter().copied());
                            self.warning(code::UNDEFINED, node.place, message, &hint);
                        }
                    }
                    Some((_, None)) => {}
                }
            }
        }
    }

    fn input_variable(&mut self, member: Option<&str>, node: &'a Node, scope: &Scope<'a, '_>) {
        let Some(member) = member.filter(|_| !scope.inputs.is_open) else { return };
        if !scope.inputs.names.contains(&member) {
            let message = format!("{} is no property of inputSchema", quoted(&format!("@input.{member}")));
            let hint = suggestion(member, scope.inputs.names.iter().copied());
            self.error(code::UNDEFINED, node.place, message, &hint);
        }
    }

    fn undefined(&mut self, root: &str, node: &'a Node, scope: &Scope<'a, '_>, doubt: Severity) {
        let message = format!("the variable {} is not defined here", quoted(root));
        let outputs = scope.outputs.iter().map(|(name, _)| format!("@{name}"));
        let known: Vec<String> = ["@input".to_owned(), "@options".to_owned()].into_iter().chain(outputs).collect();
        let hint = suggestion(root, known.iter().map(String::as_str));
        self.tell(doubt, code::UNDEFINED, node.place, message, &hint);
    }
}
