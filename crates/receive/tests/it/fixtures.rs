//! Every captured body decodes, and to what the other readers make of it.

use std::path::{Path, PathBuf};

use receive::unzip::unzip;
use receive::{ContentEncoding, ContentType, decode_hooks, decode_otlp, encode_hooks, encode_otlp, provider_of};
use record::otlp::Otlp;
use record::source::{Provider, Signal};
use record::value::Value;

use crate::oracle;

/// A captured or written body, unpacked.
pub(crate) struct Fixture {
    pub(crate) path: PathBuf,
    pub(crate) signal: Signal,
    pub(crate) content_type: ContentType,
    pub(crate) body: Vec<u8>,
}

impl Fixture {
    pub(crate) fn otlp(&self) -> Otlp<'_> {
        decode_otlp(self.signal, self.content_type, &self.body)
            .unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    /// The readable view of a protobuf body, as OTLP/JSON.
    fn view(&self) -> Vec<u8> {
        let plain = self.path.with_extension("").with_extension("decoded.json");
        let zipped = self.path.with_extension("").with_extension("decoded.json.gz");
        read(if plain.exists() { &plain } else { &zipped })
    }
}

/// Everything under `fixtures/`, hook events included.
pub(crate) fn all() -> Vec<Fixture> {
    let mut found = Vec::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), &mut found);
    assert!(found.len() > 200, "{} fixtures", found.len());
    found
}

pub(crate) fn all_otlp() -> impl Iterator<Item = Fixture> {
    all().into_iter().filter(|fixture| fixture.signal != Signal::Hooks)
}

fn gather(folder: &Path, found: &mut Vec<Fixture>) {
    let mut paths: Vec<PathBuf> =
        folder.read_dir().expect("folder").map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            gather(&path, found);
            continue;
        }
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        let Some((stem, extension)) = name.split_once('.') else { continue };
        let content_type = match extension {
            "bin" | "bin.gz" => ContentType::Protobuf,
            "json" | "json.gz" => ContentType::Json,
            _ => continue,
        };
        let hook = path.parent().is_some_and(|folder| folder.ends_with("hooks_stdin"));
        let signal = if hook { Some(Signal::Hooks) } else { stem.split('_').find_map(Signal::parse) };
        if let Some(signal) = signal {
            found.push(Fixture { body: read(&path), path, signal, content_type });
        }
    }
}

/// A file, without the gzip that it is stored or was sent in.
fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("readable");
    let encoding = if bytes.starts_with(&[0x1F, 0x8B]) { ContentEncoding::Gzip } else { ContentEncoding::Identity };
    unzip(&bytes, encoding, 64 << 20).expect("whole").into_owned()
}

#[test]
fn protobuf_bodies_are_what_prost_reads() {
    let mut count = 0;
    for fixture in all_otlp().filter(|fixture| fixture.content_type == ContentType::Protobuf) {
        let expected = oracle::from_protobuf(fixture.signal, &fixture.body).expect("prost reads it");
        assert_eq!(fixture.otlp(), expected, "{}", fixture.path.display());
        assert!(expected.record_count() > 0, "{}", fixture.path.display());
        count += 1;
    }
    assert!(count > 80, "{count} bodies");
}

#[test]
fn protobuf_bodies_are_what_their_json_views_say() {
    for fixture in all_otlp().filter(|fixture| fixture.content_type == ContentType::Protobuf) {
        let view = fixture.view();
        let from_view = decode_otlp(fixture.signal, ContentType::Json, &view)
            .unwrap_or_else(|error| panic!("view of {}: {error}", fixture.path.display()));
        assert_eq!(fixture.otlp(), from_view, "{}", fixture.path.display());
    }
}

#[test]
fn json_bodies_are_what_serde_reads() {
    let mut count = 0;
    for fixture in all_otlp().filter(|fixture| fixture.content_type == ContentType::Json) {
        let otlp = fixture.otlp();
        assert!(otlp.record_count() > 0, "{}", fixture.path.display());
        // opentelemetry-proto's serde does not read every dialect (`"body": null`, numbers as text)
        if let Some(expected) = oracle::from_json(fixture.signal, &fixture.body) {
            assert_eq!(rounded(&otlp), rounded(&expected), "{}", fixture.path.display());
            count += 1;
        }
    }
    assert!(count > 20, "{count} bodies");
}

/// The tree as text, its doubles to 14 digits: `serde_json` reads some with an error in the last bit.
fn rounded(otlp: &Otlp<'_>) -> String {
    let text = format!("{otlp:?}");
    let round = |word: &str| match word.parse::<f64>() {
        Ok(double) if word.contains('.') => format!("{double:.14e}"),
        _ => word.to_owned(),
    };
    text.split_inclusive([' ', '(', ')']).map(|word| round(word.trim_end_matches([' ', ')', ',']))).collect()
}

#[test]
fn otlp_bodies_come_back_from_both_encodings() {
    for fixture in all_otlp() {
        let otlp = fixture.otlp();
        let mut protobuf = Vec::new();
        encode_otlp(&otlp, &mut protobuf);
        assert_eq!(decode_otlp(fixture.signal, ContentType::Protobuf, &protobuf).as_ref(), Ok(&otlp));
        assert_eq!(oracle::from_protobuf(fixture.signal, &protobuf).as_ref(), Some(&otlp));
        let mut json = Vec::new();
        record::json::write_otlp(&otlp, &mut json);
        assert_eq!(decode_otlp(fixture.signal, ContentType::Json, &json).as_ref(), Ok(&otlp));
    }
}

#[test]
fn hook_bodies_are_what_serde_reads() {
    let mut count = 0;
    for fixture in all().into_iter().filter(|fixture| fixture.signal == Signal::Hooks) {
        let events = decode_hooks(&fixture.body).expect("decodes");
        let expected: serde_json::Value = serde_json::from_slice(&fixture.body).expect("JSON");
        assert_eq!(events.iter().map(to_serde).collect::<Vec<_>>(), [expected], "{}", fixture.path.display());
        let mut encoded = Vec::new();
        encode_hooks(&events, &mut encoded);
        assert_eq!(decode_hooks(&encoded).as_ref(), Ok(&events));
        count += 1;
    }
    assert!(count > 150, "{count} bodies");
}

fn to_serde(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(bool) => (*bool).into(),
        Value::Int(int) => (*int).into(),
        Value::Double(double) => (*double).into(),
        Value::Text(text) => text.as_ref().into(),
        Value::Bytes(_) => panic!("hooks carry no bytes"),
        Value::List(items) => items.iter().map(to_serde).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.to_string(), to_serde(value))).collect(),
    }
}

#[test]
fn the_provider_of_each_capture_is_known_without_its_route() {
    for fixture in all_otlp() {
        let expected = match &fixture.path {
            path if path.components().any(|part| part.as_os_str() == "claude_code") => Provider::ClaudeCode,
            path if path.components().any(|part| part.as_os_str() == "codex") => Provider::Codex,
            path if path.components().any(|part| part.as_os_str() == "product") => Provider::BrowserMod,
            _ => Provider::Other,
        };
        assert_eq!(provider_of(&fixture.otlp()), expected, "{}", fixture.path.display());
    }
}

/// Bodies of our own with every kind of message: opentelemetry-proto's own examples are alike, and a receiver was seen
/// to lose their exponential histogram.
#[test]
fn nothing_of_the_written_examples_is_dropped() {
    let example = |signal: Signal| {
        all_otlp()
            .find(|fixture| fixture.path.ends_with(format!("fixtures/otlp/001_{signal}.json")))
            .expect("an example of each signal")
    };
    let (logs, traces, metrics) = (example(Signal::Logs), example(Signal::Traces), example(Signal::Metrics));
    assert_eq!(logs.otlp().record_count(), 3);
    assert_eq!(traces.otlp().record_count(), 2);
    assert_eq!(metrics.otlp().record_count(), 7);
    for fixture in [logs, traces, metrics] {
        let mut json = Vec::new();
        record::json::write_otlp(&fixture.otlp(), &mut json);
        // all that was said is said again: no leaf is missing
        let (sent, kept) = (leaves(&fixture.body), leaves(&json));
        assert_eq!(sent, kept, "{}", fixture.path.display());
    }
}

/// All scalars of a JSON body with their paths, sorted.
fn leaves(json: &[u8]) -> Vec<String> {
    fn walk(path: &str, value: &serde_json::Value, leaves: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                map.iter().for_each(|(key, value)| walk(&format!("{path}.{key}"), value, leaves));
            }
            serde_json::Value::Array(list) => {
                list.iter().enumerate().for_each(|(at, value)| walk(&format!("{path}[{at}]"), value, leaves));
            }
            leaf => leaves.push(format!("{path} = {leaf}")),
        }
    }
    let mut leaves = Vec::new();
    walk("", &serde_json::from_slice(json).expect("JSON"), &mut leaves);
    leaves.sort();
    leaves
}
