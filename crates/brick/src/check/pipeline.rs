//! `pipeline`: bricks, what they are given, and the variables they see.

use super::inputs::Inputs;
use super::{Checker, Rules};
use crate::known::{self, Brick, Output, RUN, Takes};
use crate::nearest::{nearest, suggestion};
use crate::node::{Node, Tag, Value};
use crate::path::Step;
use crate::problem::{Severity, code, expected, quoted};

mod expression;

/// What the runtime heeds or accepts on a brick; others are allowed.
const PROPERTIES: [&str; 13] = [
    "id",
    "config",
    "label",
    "outputKey",
    "if",
    "async",
    "onError",
    "notifyProgress",
    "window",
    "rootMode",
    "root",
    "templateEngine",
    "instanceId",
];

/// Variables that a brick sees.
pub(super) struct Scope<'a, 'i> {
    inputs: &'i Inputs<'a>,
    outputs: Vec<(&'a str, Option<&'static Brick>)>,
    /// Whether bricks around may define variables that are not known here.
    is_open: bool,
}

impl<'a> Checker<'a, '_> {
    pub(super) fn pipeline(&mut self, pipeline: &'a Node, inputs: &Inputs<'a>) {
        let pipeline = match &pipeline.value {
            Value::Expression(Tag::Pipeline, list) => list,
            _ => pipeline,
        };
        let mut scope = Scope { inputs, outputs: Vec::new(), is_open: self.rules != Rules::V3 };
        match pipeline.items() {
            None => {
                let message = expected("a list of bricks", pipeline);
                self.error(code::TYPE, pipeline.place, message, "begin each brick with `- id:`");
            }
            Some([]) => {
                let message = "the pipeline has no brick".to_owned();
                self.error(code::MISSING, pipeline.place, message, "write one brick or more, each with `- id:`");
            }
            Some(items) => self.bricks(items, &mut scope),
        }
    }

    fn bricks(&mut self, items: &'a [Node], scope: &mut Scope<'a, '_>) {
        let defined = scope.outputs.len();
        for (index, item) in items.iter().enumerate() {
            let is_last = index + 1 == items.len();
            self.at(Step::Index(index), |checker| checker.brick(item, is_last, scope));
        }
        scope.outputs.truncate(defined);
    }

    fn brick(&mut self, item: &'a Node, is_last: bool, scope: &mut Scope<'a, '_>) {
        if !matches!(item.value, Value::Map(_)) {
            let message = expected("a brick, which is a mapping with an id", item);
            return self.error(code::TYPE, item.place, message, "write `- id: …` and `config:` below it");
        }
        let mut brick = None;
        let mut is_unknown = false;
        self.required(item, "id", "id: \"@pixiebrix/timestamp\"", |checker, id| {
            brick = checker.brick_id(id);
            is_unknown = brick.is_none();
        });
        let around = scope.is_open;
        scope.is_open |= is_unknown;
        for entry in item.entries() {
            self.at(Step::Key(&entry.key), |checker| checker.property(&entry.key, &entry.value, brick, scope));
        }
        scope.is_open = around;
        if let Some(brick) = brick {
            self.inputs(brick, item);
            self.output(brick, item, is_last);
        }
        if let Some(name) = item.get("outputKey").and_then(Node::text) {
            scope.outputs.push((name, brick));
        }
    }

    fn brick_id(&mut self, id: &'a Node) -> Option<&'static Brick> {
        let Some(name) = id.text() else {
            let message = expected("the id of a brick", id);
            self.error(code::TYPE, id.place, message, "put it into quotes");
            return None;
        };
        let brick = known::find(name);
        if brick.is_none() {
            let message = format!("the SDK has no brick {}", quoted(name));
            let known = known::BRICKS.iter().map(|brick| brick.id);
            let hint = match nearest(name, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "give the runtime an implementation of it, or use a brick of docs/bricks.md".to_owned(),
            };
            self.warning(code::UNKNOWN_BRICK, id.place, message, &hint);
        }
        brick
    }

    fn property(&mut self, key: &'a str, value: &'a Node, brick: Option<&Brick>, scope: &mut Scope<'a, '_>) {
        match key {
            "id" => {}
            "outputKey" => self.output_key(value),
            "config" => match &value.value {
                Value::Map(_) => self.values(value, scope, false),
                Value::Null => {}
                _ => self.error(
                    code::TYPE,
                    value.place,
                    expected("a mapping", value),
                    "write `config: {}` for no inputs",
                ),
            },
            "async" => {
                if !matches!(value.value, Value::Bool(_) | Value::Expression(Tag::Var, _)) {
                    self.error(code::TYPE, value.place, expected("true or false", value), "write `async: true`");
                } else if brick.is_some_and(|brick| brick.id != RUN) {
                    let message = format!("`async` has no effect on {}", quoted(brick.map_or("", |brick| brick.id)));
                    self.warning(
                        code::UNKNOWN,
                        value.place,
                        message,
                        "put the brick into the body of `@pixiebrix/run`",
                    );
                }
                self.values(value, scope, false);
            }
            "onError" => {
                if value.get("alert").is_some_and(|alert| matches!(alert.value, Value::Bool(true))) {
                    let message = "`alert` has no effect: nobody is alerted".to_owned();
                    let hint = "leave it out; errors of the mod are on the page of its deployment";
                    self.warning(code::NOT_RUN, value.place, message, hint);
                }
                self.values(value, scope, false);
            }
            "label" => {
                if value.text().is_none() {
                    self.error(code::TYPE, value.place, expected("a text", value), "put it into quotes");
                }
            }
            "window" if value.text() != Some("self") => {
                let message = "bricks run in the page itself".to_owned();
                self.warning(code::NOT_RUN, value.place, message, "leave `window` out");
            }
            _ => {
                if !PROPERTIES.contains(&key)
                    && let Some(meant) = nearest(key, PROPERTIES)
                    && key.chars().count() > 2
                {
                    let message = format!("{} is no property of a brick that has an effect", quoted(key));
                    self.warning(code::UNKNOWN, value.place, message, &format!("did you mean `{meant}`?"));
                }
                self.values(value, scope, false);
            }
        }
    }

    /// Whether the inputs of a known brick are there and of the right kind.
    fn inputs(&mut self, brick: &'static Brick, item: &'a Node) {
        let none = &[][..];
        let config = item.get("config");
        let entries = config.map_or(none, Node::entries);
        self.path.push(Step::Key("config"));
        for input in brick.inputs.iter().filter(|input| input.required) {
            if !entries.iter().any(|entry| entry.key == input.name) {
                let place = config.map_or(item.place, |config| config.place);
                let message = format!("{} needs `{}`", quoted(brick.id), input.name);
                self.at(Step::Key(input.name), |checker| {
                    checker.error(code::MISSING, place, message, "write it below `config:`");
                });
            }
        }
        for entry in entries {
            let input = brick.inputs.iter().find(|input| input.name == entry.key);
            self.at(Step::Key(&entry.key), |checker| {
                let Some(input) = input else {
                    let message = format!("{} has no input {}", quoted(brick.id), quoted(&entry.key));
                    let hint = suggestion(&entry.key, brick.inputs.iter().map(|input| input.name));
                    return checker.warning(code::UNKNOWN, entry.value.place, message, &hint);
                };
                checker.input(&input.takes, input.required, &entry.value);
            });
        }
        self.path.pop();
    }

    fn input(&mut self, takes: &Takes, required: bool, value: &'a Node) {
        let is_var = matches!(value.value, Value::Expression(Tag::Var, _));
        let is_template = matches!(value.value, Value::Expression(Tag::Mustache | Tag::Handlebars | Tag::Nunjucks, _));
        let wrong = |what: &str| (expected(what, value), "see docs/bricks.md for what the brick takes");
        let (message, hint) = match takes {
            Takes::Anything => return,
            Takes::Text if is_var || is_template => return,
            Takes::Text => match value.text() {
                Some("") if required => ("it is empty".to_owned(), "write a text, or a `!var` that gives one"),
                Some(_) => return,
                None => wrong("a text"),
            },
            Takes::Mapping if is_var || matches!(value.value, Value::Map(_)) => return,
            Takes::Mapping => wrong("a mapping"),
            Takes::Switch if is_var || matches!(value.value, Value::Bool(_)) => return,
            Takes::Switch => wrong("true or false"),
            Takes::Pipeline if is_var || matches!(value.value, Value::Expression(Tag::Pipeline, _)) => return,
            Takes::Pipeline => (expected("a `!pipeline`", value), "write `!pipeline` before the list of bricks"),
            Takes::OneOf(_) if is_var || is_template => return,
            Takes::OneOf(known) => match value.text() {
                Some(text) if known.contains(&text) => return,
                Some(text) => {
                    let message = format!("unknown value {}", quoted(text));
                    let hint = suggestion(text, known.iter().copied().filter(|known| !known.is_empty()));
                    return self.error(code::VALUE, value.place, message, &hint);
                }
                None => wrong("a text"),
            },
        };
        self.error(code::TYPE, value.place, message, hint);
    }

    fn output(&mut self, brick: &'static Brick, item: &'a Node, is_last: bool) {
        let key = item.get("outputKey");
        if let (Output::Nothing, Some(key)) = (&brick.output, key) {
            let message = format!("{} gives no output", quoted(brick.id));
            self.at(Step::Key("outputKey"), |checker| {
                checker.warning(code::OUTPUT_KEY, key.place, message, "leave the outputKey out");
            });
        }
        if key.is_none() && !is_last && self.rules != Rules::V1 && gives(brick, item) {
            let message = format!("the output of {} gets lost", quoted(brick.id));
            self.at(Step::Key("outputKey"), |checker| {
                let hint = "name it, such as `outputKey: output`: only the last brick of a pipeline goes without";
                checker.error(code::OUTPUT_KEY, item.place, message, hint);
            });
        }
    }

    fn values(&mut self, value: &'a Node, scope: &mut Scope<'a, '_>, deferred: bool) {
        match &value.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.at(Step::Index(index), |checker| checker.values(item, scope, deferred));
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    self.at(Step::Key(&entry.key), |checker| checker.values(&entry.value, scope, deferred));
                }
            }
            Value::Expression(Tag::Pipeline, list) => self.bricks(list.items().unwrap_or_default(), scope),
            Value::Expression(Tag::Defer, map) => self.values(map, scope, true),
            Value::Expression(tag, text) => {
                let doubt = if scope.is_open || deferred { Severity::Warning } else { Severity::Error };
                self.expression(*tag, text, scope, doubt);
            }
            _ => {}
        }
    }
}

/// Whether the brick gives an output that is worth a name.
fn gives(brick: &Brick, item: &Node) -> bool {
    match brick.output {
        Output::Nothing => false,
        Output::Fields(_) | Output::Something => true,
        Output::OfBody => {
            let is_off = |value: Option<&Node>| value.is_none_or(|value| matches!(value.value, Value::Bool(false)));
            let config = item.get("config");
            let waits = is_off(item.get("async")) && is_off(config.and_then(|config| config.get("async")));
            let body = config.and_then(|config| config.get("body"));
            let last = body.and_then(|body| match &body.value {
                Value::Expression(Tag::Pipeline, list) => list.items()?.last(),
                _ => None,
            });
            let last_gives = last.and_then(|last| Some(gives(known::find(last.get("id")?.text()?)?, last)));
            waits && last_gives.unwrap_or(false)
        }
    }
}
