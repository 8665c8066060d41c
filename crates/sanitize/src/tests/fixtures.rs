//! The captured requests of every agent and signal.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use receive::ContentType;
use record::arrival::Payload;
use record::source::{Provider, Signal};

pub(super) struct Fixture {
    pub(super) name: String,
    pub(super) provider: Provider,
    signal: Signal,
    content_type: ContentType,
    body: Vec<u8>,
}

impl Fixture {
    pub(super) fn decode(&self) -> Payload<'_> {
        decode(self.signal, self.content_type, &self.body)
    }
}

pub(super) fn decode(signal: Signal, content_type: ContentType, body: &[u8]) -> Payload<'_> {
    match signal {
        Signal::Hooks => Payload::Hooks(receive::decode_hooks(body).unwrap()),
        _ => Payload::Otlp(receive::decode_otlp(signal, content_type, body).unwrap()),
    }
}

pub(super) fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agents");
    let mut fixtures = Vec::new();
    let agents = [("claude_code", Provider::ClaudeCode), ("codex", Provider::Codex), ("cursor", Provider::Cursor)];
    for (agent, provider) in agents {
        for file in files(&root.join(agent)) {
            fixtures.extend(load(&file, provider));
        }
    }
    assert!(fixtures.len() > 300, "only {} fixtures found", fixtures.len());
    fixtures
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn load(file: &Path, provider: Provider) -> Option<Fixture> {
    let name = file.to_str().unwrap();
    let base = name.trim_end_matches(".gz");
    let is_hook = name.contains("hooks_stdin") || base.ends_with("_hooks.json");
    let content_type = match base.rsplit_once('.')? {
        (stem, "json") if stem.ends_with(".decoded") || stem.ends_with("requests") => return None,
        (_, "bin") => ContentType::Protobuf,
        (_, "json") => ContentType::Json,
        _ => return None,
    };
    let signal = Signal::ALL.into_iter().find(|signal| base.contains(&format!("_{signal}.")));
    let signal = if is_hook { Signal::Hooks } else { signal? };
    let mut body = fs::read(file).unwrap();
    if body.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut plain).unwrap();
        body = plain;
    }
    Some(Fixture { name: name.to_owned(), provider, signal, content_type, body })
}
