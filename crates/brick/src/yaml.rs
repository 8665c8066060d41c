//! YAML → [`Node`]: scalars by the core schema of YAML 1.2, our tags, aliases written out, merge keys (`<<`).

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag as YamlTag};

use crate::Limits;
use crate::node::{Entry, Node, Place, Tag, Value};
use crate::problem::{Problems, code, quoted};

mod scalar;

/// `None` when the file is no YAML or beyond a limit: then `problems` has that alone.
pub(crate) fn read(text: &str, limits: &Limits, problems: &mut Problems) -> Option<Node> {
    let mut reader = Reader { limits, problems, open: Vec::new(), anchors: HashMap::new(), nodes: 0, root: None };
    // The parser tells what lacks at the end at a line behind it.
    let lines = text.replace("\r\n", "\n").split(['\n', '\r']).count();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(found) => found,
            Err(error) => {
                reader.no_yaml(&error, lines);
                return None;
            }
        };
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                reader.refuse(place(&span), "a second document begins here", "one file is one definition");
                return None;
            }
        }
        if !reader.take(event, &span) {
            return None;
        }
    }
    let root = reader.root.take().filter(|root| !matches!(root.value, Value::Null));
    if root.is_none() {
        let hint = "see docs/bricks.md for an example";
        problems.error(code::MISSING, "", Place::START, "the file is empty".to_owned(), hint);
    }
    root
}

fn place(span: &Span) -> Place {
    Place { line: span.start.line().max(1), column: span.start.col() + 1 }
}

struct Reader<'l> {
    limits: &'l Limits,
    problems: &'l mut Problems,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    /// Values so far, with every alias written out and every anchor kept.
    nodes: usize,
    root: Option<Node>,
}

/// What an alias stands for.
struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

/// A list or mapping whose end has not come.
struct Open {
    place: Place,
    anchor: usize,
    tag: Option<YamlTag>,
    /// [`Reader::nodes`] when it began.
    began: usize,
    /// Levels below it so far.
    depth: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Place)>, merged: Vec<Node> },
}

impl Reader<'_> {
    /// Whether to go on.
    fn take(&mut self, event: Event<'_>, span: &Span) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let place = self.place_of(span);
                let tag = tag.as_deref();
                if self.wants_key() {
                    return self.begin_key(text.into_owned(), place);
                }
                let value = match tag {
                    None if style == ScalarStyle::Plain => scalar::resolve(&text),
                    None => Value::Text(text.into_owned()),
                    Some(tag) => self.tagged_scalar(tag, &text, place),
                };
                self.done(Node { place, value }, anchor, 1, 0)
            }
            Event::SequenceStart(anchor, tag) => self.begin(span, anchor, tag.as_deref(), Content::List(Vec::new())),
            Event::MappingStart(anchor, tag) => {
                let content = Content::Map { entries: Vec::new(), key: None, merged: Vec::new() };
                self.begin(span, anchor, tag.as_deref(), content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, self.place_of(span)),
            _ => true,
        }
    }

    /// Of a value that begins: its key's in a mapping, else its own.
    fn place_of(&self, span: &Span) -> Place {
        match self.open.last() {
            Some(Open { content: Content::Map { key: Some((_, place)), .. }, .. }) => *place,
            _ => place(span),
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    fn begin_key(&mut self, name: String, place: Place) -> bool {
        if let Some(Open { content: Content::Map { entries, key, .. }, .. }) = self.open.last_mut() {
            if entries.iter().any(|entry| entry.key == name) {
                let message = format!("{} stands here twice", quoted(&name));
                self.problems.error(code::DUPLICATE, "", place, message, "keep one of them");
            }
            *key = Some((name, place));
        }
        true
    }

    fn begin(&mut self, span: &Span, anchor: usize, tag: Option<&YamlTag>, content: Content) -> bool {
        let place = self.place_of(span);
        if self.wants_key() {
            return self.refuse(place, "a list or mapping is the key of a mapping", "keys are texts");
        }
        if self.open.len() >= self.limits.depth {
            return self.too_deep(place);
        }
        self.open.push(Open { place, anchor, tag: tag.cloned(), began: self.nodes, depth: 0, content });
        true
    }

    fn end(&mut self) -> bool {
        let Some(open) = self.open.pop() else { return true };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { mut entries, merged, .. } => {
                for entry in merged.into_iter().flat_map(into_entries) {
                    if !entries.iter().any(|there| there.key == entry.key) {
                        entries.push(entry);
                    }
                }
                Value::Map(entries)
            }
        };
        let node = Node { place: open.place, value };
        let node = match &open.tag {
            None => from_json_form(node, self.problems),
            Some(tag) => self.tagged(tag, node),
        };
        let nodes = self.nodes - open.began + 1;
        self.done(node, open.anchor, nodes, open.depth + 1)
    }

    fn alias(&mut self, anchor: usize, place: Place) -> bool {
        if self.wants_key() {
            return self.refuse(place, "an alias is the key of a mapping", "write the key out");
        }
        let Some(anchored) = self.anchors.get(&anchor) else {
            return self.refuse(place, "an alias stands within what it names", "write the value out");
        };
        let (nodes, depth) = (anchored.nodes, anchored.depth);
        if self.nodes + nodes > self.limits.nodes {
            return self.too_many(place);
        }
        if self.open.len() + depth > self.limits.depth {
            return self.too_deep(place);
        }
        let node = anchored.node.clone();
        self.nodes += nodes - 1;
        self.done(node, 0, nodes, depth)
    }

    /// A value is whole: `nodes` of them with it, `depth` levels of lists and mappings.
    fn done(&mut self, mut node: Node, anchor: usize, nodes: usize, depth: usize) -> bool {
        self.nodes += 1;
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
            self.nodes += nodes;
        }
        if self.nodes > self.limits.nodes {
            return self.too_many(node.place);
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return true;
        };
        open.depth = open.depth.max(depth);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, key, merged } => {
                let Some((name, place)) = key.take() else { return true };
                node.place = place;
                if name == "<<" {
                    merge(node, merged);
                } else if !entries.iter().any(|entry| entry.key == name) {
                    entries.push(Entry { key: name, value: node });
                }
            }
        }
        true
    }

    fn tagged_scalar(&mut self, tag: &YamlTag, text: &str, place: Place) -> Value {
        let as_text = || Value::Text(text.to_owned());
        match core_name(tag) {
            Some("str") => return as_text(),
            Some("null" | "bool" | "int" | "float") => return scalar::resolve(text),
            None if tag.handle == "!" && tag.suffix.is_empty() || tag.handle.is_empty() && tag.suffix == "!" => {
                return as_text();
            }
            _ => {}
        }
        self.tagged(tag, Node { place, value: as_text() }).value
    }

    /// A value with a tag: an expression where the tag is ours and fits, else as if it had none.
    fn tagged(&mut self, tag: &YamlTag, node: Node) -> Node {
        let name = match (core_name(tag), &node.value) {
            (Some("map"), Value::Map(_)) | (Some("seq"), Value::List(_)) => return node,
            (Some(name), _) => format!("!{name}"),
            (None, _) if tag.handle == "!" => tag.suffix.clone(),
            (None, _) => format!("{}{}", tag.handle, tag.suffix),
        };
        expression(&name, node, self.problems, "!")
    }

    fn no_yaml(&mut self, error: &ScanError, lines: usize) {
        let place = Place { line: error.marker().line().clamp(1, lines), column: error.marker().col() + 1 };
        let message = format!("this is no YAML: {}", error.info());
        self.problems.error(code::SYNTAX, "", place, message, SYNTAX_HINT);
    }

    fn refuse(&mut self, place: Place, message: &str, hint: &str) -> bool {
        self.problems.error(code::SYNTAX, "", place, message.to_owned(), hint);
        false
    }

    fn too_deep(&mut self, place: Place) -> bool {
        too_deep(place, self.limits, self.problems);
        false
    }

    fn too_many(&mut self, place: Place) -> bool {
        too_many(place, self.limits, self.problems);
        false
    }
}

/// Of a type of YAML's own, as `str` in `!!str` and in `!<tag:yaml.org,2002:str>`.
fn core_name(tag: &YamlTag) -> Option<&str> {
    if tag.is_yaml_core_schema() { Some(&tag.suffix) } else { tag.suffix.strip_prefix("tag:yaml.org,2002:") }
}

const SYNTAX_HINT: &str = "look for an indentation, a quote or a bracket that is off; a text that begins with @, % \
                                      or ` needs quotes";

fn too_deep(place: Place, limits: &Limits, problems: &mut Problems) {
    let message = format!("lists and mappings are nested deeper than {}", limits.depth);
    problems.error(code::TOO_LARGE, "", place, message, "make it flatter");
}

fn too_many(place: Place, limits: &Limits, problems: &mut Problems) {
    let message = format!("the file has more than {} values with its aliases written out", limits.nodes);
    problems.error(code::TOO_LARGE, "", place, message, "a definition is a small program: leave data out of it");
}

/// The JSON form of an expression, where the mapping is one.
pub(crate) fn from_json_form(node: Node, problems: &mut Problems) -> Node {
    let name = match (node.entries(), node.get("__type__").and_then(Node::text), node.get("__value__")) {
        ([_, _], Some(name), Some(_)) => name.to_owned(),
        _ => return node,
    };
    let place = node.place;
    let value = into_entries(node).into_iter().find(|entry| entry.key == "__value__").map(|entry| entry.value);
    expression(&name, Node { place, value: value.map_or(Value::Null, |value| value.value) }, problems, "")
}

fn expression(name: &str, node: Node, problems: &mut Problems, mark: &str) -> Node {
    let Some(tag) = Tag::parse(name) else {
        let known = Tag::NAMES;
        let hint = match crate::nearest::nearest(name, known) {
            Some(meant) => format!("did you mean `{mark}{meant}`?"),
            None => format!("known are: {}", known.map(|name| format!("{mark}{name}")).join(", ")),
        };
        let message = format!("unknown tag {}", quoted(&format!("{mark}{name}")));
        problems.error(code::TAG, "", node.place, message, &hint);
        return node;
    };
    if !tag.takes(&node.value) {
        let message = format!("`{mark}{}` stands on {}", tag.name(), node.kind());
        problems.error(code::TAG, "", node.place, message, &format!("it stands on {}", tag.wants()));
        return node;
    }
    let place = node.place;
    Node { place, value: Value::Expression(tag, Box::new(node)) }
}

fn merge(node: Node, merged: &mut Vec<Node>) {
    match node.value {
        Value::List(items) => merged.extend(items),
        _ => merged.push(node),
    }
}

fn into_entries(node: Node) -> Vec<Entry> {
    if let Value::Map(entries) = node.value { entries } else { Vec::new() }
}
