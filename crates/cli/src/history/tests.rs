use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Files of `fixtures/history/{folder}` in the order of an import, but for the time when a checkout created them.
fn fixture(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/history").join(folder);
    let mut paths = Vec::new();
    files::walk(&folder, &mut paths).unwrap();
    let aged = paths.into_iter().map(|path| files::aged(path).unwrap());
    let mut aged: Vec<_> = aged.map(|((first, is_derived, _), file)| (first, is_derived, file.path)).collect();
    aged.sort();
    aged.into_iter().map(|(_, _, path)| path).collect()
}

fn agent(folder: &str) -> HistoryAgent {
    if folder.starts_with("codex") { HistoryAgent::Codex } else { HistoryAgent::Claude }
}

/// What an import of these files sends.
fn import(agent: HistoryAgent, files: &[PathBuf]) -> Vec<Record> {
    let mut seen = Seen::default();
    let facts = files.iter().flat_map(|path| read(agent, path, false).unwrap().facts);
    facts.filter(|fact| seen.is_new(fact)).map(|fact| fact.record).collect()
}

fn import_fixture(folder: &str) -> Vec<Record> {
    import(agent(folder), &fixture(folder))
}

fn counts(records: &[Record]) -> BTreeMap<&'static str, usize> {
    records.iter().fold(BTreeMap::new(), |mut counts, record| {
        *counts.entry(record.name).or_default() += 1;
        counts
    })
}

fn ids(records: &[Record]) -> BTreeSet<(&'static str, String)> {
    records.iter().map(|record| (record.name, record.event_id.clone())).collect()
}

fn find<'r>(records: &'r [Record], name: &str, mut is_it: impl FnMut(&Record) -> bool) -> &'r Record {
    let mut found = records.iter().filter(|record| record.name == name && is_it(record));
    let one = found.next().expect("there is one");
    assert!(found.next().is_none(), "there is only one");
    one
}

const FOLDERS: [&str; 4] = ["claude_code/captured", "claude_code/inflated", "codex/captured", "codex/inflated"];

/// The records lie beside the session files, for the eye and for the server's tests.
#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_FIXTURES writes the files")]
fn the_records_of_the_fixtures_are_as_written_down() {
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    for folder in FOLDERS {
        let records = import_fixture(folder);
        let lines: Vec<String> = records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        let text = lines.join(
            "
",
        ) + "
";
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/history/{folder}.records.ndjson"));
        if update {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&path).unwrap(), "UPDATE_FIXTURES=1 writes {folder}");
    }
}

#[test]
fn every_fact_of_the_captured_sessions_is_there_once() {
    let claude = counts(&import_fixture("claude_code/captured"));
    let expected =
        [("api_request", 18), ("session_start", 7), ("skill_activated", 2), ("tool_result", 7), ("user_prompt", 12)];
    assert_eq!(claude, BTreeMap::from(expected));
    let codex = counts(&import_fixture("codex/captured"));
    let expected =
        [("api_request", 20), ("session_start", 10), ("skill_activated", 2), ("tool_result", 11), ("user_prompt", 11)];
    assert_eq!(codex, BTreeMap::from(expected));
}

#[test]
fn a_message_on_many_lines_in_many_sessions_counts_once_with_its_last_usage() {
    let records = import_fixture("claude_code/inflated");
    let expected = [("api_request", 7), ("session_start", 4), ("tool_result", 2), ("user_prompt", 4)];
    assert_eq!(counts(&records), BTreeMap::from(expected));
    let first = find(&records, "api_request", |record| record.message_id.as_deref() == Some("msg_made01"));
    let tokens = Tokens { input: 10, output: 180, cache_read: 3_000, cache_creation: 200, reasoning: None };
    assert_eq!(first.tokens, Some(tokens));
    let original = "22222222-aaaa-4aaa-8aaa-000000000001";
    assert_eq!((first.session_id.as_str(), &first.agent_id), (original, &None), "neither a copy's nor a sub-agent's");
    let outputs: u64 = records.iter().filter_map(|record| record.tokens).map(|tokens| tokens.output).sum();
    assert_eq!(outputs, 180 + 40 + 20 + 21 + 9 + 9 + 7);
}

#[test]
fn a_replayed_parent_and_a_repeated_sum_count_once() {
    let records = import_fixture("codex/inflated");
    let expected = [("api_request", 6), ("session_start", 4), ("tool_result", 2), ("user_prompt", 4)];
    assert_eq!(counts(&records), BTreeMap::from(expected));
    let total = records.iter().filter_map(|record| record.tokens).fold([0; 4], |sum, tokens| {
        [sum[0] + tokens.input, sum[1] + tokens.cache_read, sum[2] + tokens.output, sum[3] + tokens.reasoning.unwrap()]
    });
    // three of the parent, one of each copy; cached tokens are no input
    assert_eq!(total, [5_000 + 3 * 1_900 + 9, 8_500 + 3 * 4_100, 240 + 3 * 50, 30 + 3 * 5]);
    let failed = find(&records, "tool_result", |record| record.success == Some(false));
    assert_eq!((failed.exit_code, failed.command.as_deref()), (Some(1), Some("false")));
}

#[test]
fn a_sub_agents_tokens_are_its_own_and_named_by_their_response() {
    let records = import_fixture("codex/captured");
    let of_agent: Vec<_> =
        records.iter().filter(|record| record.agent_id.is_some() && record.name == "api_request").collect();
    assert_eq!(of_agent.len(), 2);
    assert!(
        of_agent
            .iter()
            .all(|record| record.message_id.is_some() && record.session_id == *record.agent_id.as_ref().unwrap())
    );
    let first = of_agent.iter().map(|record| record.tokens.unwrap()).min_by_key(|tokens| tokens.output).unwrap();
    let expected =
        Tokens { input: 1_004 + 20, output: 54, cache_read: 4_020 + 20, cache_creation: 0, reasoning: Some(4) };
    assert_eq!((first.output, first.cache_read, first.reasoning), (expected.output, 4_040, expected.reasoning));
}

#[test]
fn tools_tell_their_outcome() {
    let claude = import_fixture("claude_code/captured");
    let failed = find(&claude, "tool_result", |record| record.exit_code == Some(3));
    assert_eq!((failed.success, failed.tool_name.as_deref()), (Some(false), Some("Bash")));
    let missing = find(&claude, "tool_result", |record| record.success == Some(false) && record.exit_code.is_none());
    assert_eq!(missing.tool_name.as_deref(), Some("Read"));
    let echo = find(&claude, "tool_result", |record| {
        record.command.as_deref() == Some("echo") && record.success == Some(true)
    });
    assert_eq!((echo.exit_code, echo.duration_ms), (Some(0), Some(111)));

    let codex = import_fixture("codex/captured");
    let failed = find(&codex, "tool_result", |record| record.exit_code == Some(3));
    assert_eq!((failed.success, failed.tool_name.as_deref()), (Some(false), Some("exec_command")));
    let unknown = find(&codex, "tool_result", |record| record.tool_name.as_deref() == Some("no_such_tool"));
    assert_eq!((unknown.success, unknown.exit_code), (Some(false), None));
    let patch = find(&codex, "tool_result", |record| record.tool_name.as_deref() == Some("apply_patch"));
    assert_eq!((patch.success, patch.exit_code), (Some(true), Some(0)));
}

#[test]
fn skills_tell_what_made_the_agent_use_them() {
    for folder in ["claude_code/captured", "codex/captured"] {
        let records = import_fixture(folder);
        let skills: BTreeSet<_> = records
            .iter()
            .filter(|record| record.name == "skill_activated")
            .map(|record| (record.skill_name.as_deref().unwrap(), record.invocation_trigger.unwrap()))
            .collect();
        let triggers =
            if folder.starts_with("codex") { ["explicit", "implicit"] } else { ["claude-proactive", "user-slash"] };
        assert_eq!(skills, triggers.map(|trigger| ("release-notes", trigger)).into());
    }
}

#[test]
fn nothing_that_was_said_leaves_unless_asked_for() {
    for folder in FOLDERS {
        let text = serde_json::to_string(&import_fixture(folder)).unwrap();
        for said in
            ["Say hello", "small demo", "Count the lines", "exit 3", "README", "Look around", "wc -l", "scenario"]
        {
            assert!(!text.contains(said), "{folder} gives away `{said}`");
        }
        let with: Vec<Record> = fixture(folder)
            .iter()
            .flat_map(|path| read(agent(folder), path, true).unwrap().facts)
            .map(|fact| fact.record)
            .collect();
        let prompts: Vec<_> = with.iter().filter(|record| record.name == "user_prompt").collect();
        assert!(
            !prompts.is_empty()
                && prompts.iter().all(|record| {
                    record.prompt.as_ref().is_some_and(|prompt| Some(utf16_length(prompt)) == record.prompt_length)
                })
        );
    }
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// Copies the files, each line doubled or shuffled, some files twice under another name.
fn disorder(folder: &str, into: &Path, numbers: &mut Numbers) {
    for (nth, path) in fixture(folder).into_iter().enumerate() {
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        if folder.starts_with("codex") {
            // Its lines rely on those before them; a doubled one still counts once.
            lines = lines.into_iter().flat_map(|line| std::iter::repeat_n(line, 1 + numbers.below(2))).collect();
        } else {
            // The first time in a file is its age.
            let timed = lines.iter().position(|line| line.contains("\"timestamp\"")).unwrap();
            let (_, rest) = lines.split_at_mut(timed + 1);
            numbers.shuffle(rest);
            let doubled = lines[numbers.below(lines.len())];
            lines.push(doubled);
        }
        let text = lines.join("\n") + "\n";
        fs::write(into.join(format!("{}-{nth}.jsonl", numbers.below(1_000))), &text).unwrap();
        if numbers.below(3) == 0 {
            fs::write(into.join(format!("again-{nth}.jsonl")), &text).unwrap();
        }
    }
}

#[test]
fn order_and_repetition_of_lines_and_files_change_no_id() {
    let mut numbers = Numbers(7);
    for folder in FOLDERS {
        let expected = ids(&import_fixture(folder));
        for _ in 0..24 {
            let disordered = tempfile::tempdir().unwrap();
            disorder(folder, disordered.path(), &mut numbers);
            let files = files::list(&[disordered.path().to_owned()]).unwrap();
            let files: Vec<PathBuf> = files.into_iter().map(|file| file.path).collect();
            let records = import(agent(folder), &files);
            assert_eq!(ids(&records), expected, "{folder}");
            assert_eq!(records.len(), expected.len(), "{folder}");
        }
    }
}

#[test]
fn a_torn_line_waits_and_a_broken_one_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut seen = 0;
    fs::write(&path, "{\"a\":1}\nbroken\n\n[1]\n{\"a\":2}\n{\"a\":").unwrap();
    assert_eq!(lines::read(&path, |_| seen += 1).unwrap(), 2);
    assert_eq!(seen, 2);
    fs::write(&path, "{\"a\":1}").unwrap();
    assert_eq!(lines::read(&path, |_| seen += 1).unwrap(), 0);
    assert_eq!(seen, 3, "a whole object without its line's end");
}

#[test]
fn any_json_is_read_without_harm() {
    let odd = [
        r#"{"type":"assistant","timestamp":"2026-09-01T10:00:00Z","sessionId":"s","message":7}"#,
        r#"{"type":"assistant","timestamp":"2026-09-01T10:00:00Z","sessionId":"s","message":{"id":"m","model":"x","content":{"a":1},"usage":{"input_tokens":-1,"output_tokens":"9"}}}"#,
        r#"{"type":"user","timestamp":"2026-09-01T10:00:00Z","sessionId":"s","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":[null]}]},"toolUseResult":[]}"#,
        r#"{"type":"user","timestamp":12,"sessionId":"s"}"#,
        r#"{"type":"session_meta","timestamp":"2026-09-01T10:00:00Z","payload":{"id":"s","git":7}}"#,
        r#"{"type":"event_msg","timestamp":"2026-09-01T10:00:00Z","payload":{"type":"token_count","info":{"total_token_usage":[],"last_token_usage":3}}}"#,
        r#"{"type":"response_item","timestamp":"2026-09-01T10:00:00Z","payload":{"type":"function_call_output","call_id":"c","output":7}}"#,
        r#"{"type":"event_msg","timestamp":"2026-09-01T10:00:00Z","payload":{"type":"exec_command_end","call_id":"c","duration":{"secs":18446744073709551615,"nanos":1}}}"#,
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.jsonl");
    fs::write(&path, odd.join("\n")).unwrap();
    for agent in [HistoryAgent::Claude, HistoryAgent::Codex] {
        let session = read(agent, &path, true).unwrap();
        assert!(session.facts.iter().all(|fact| !fact.record.event_id.is_empty()));
    }
}

#[test]
fn a_program_is_named_and_a_line_is_not() {
    for (line, name) in [
        ("cargo test -p x", Some("cargo")),
        ("/usr/bin/env python", Some("env")),
        ("KEY=secret run", None),
        ("\"$tool\" x", None),
        ("(a; b)", None),
        ("", None),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", None),
    ] {
        assert_eq!(program(line).as_deref(), name, "{line}");
    }
}

#[test]
fn the_ledger_knows_a_file_until_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("imported.json");
    let file = files::SessionFile { path: "/home/dev/a.jsonl".into(), bytes: 7, modified: 1 };
    let mut known = ledger::Ledger::load(&path);
    assert!(!known.has("http://a", &file));
    known.add("http://a", &file);
    known.save(&path).unwrap();
    let known = ledger::Ledger::load(&path);
    assert!(known.has("http://a", &file) && !known.has("http://b", &file));
    assert!(!known.has("http://a", &files::SessionFile { bytes: 8, ..file.clone() }));
    fs::write(&path, "broken").unwrap();
    assert!(!ledger::Ledger::load(&path).has("http://a", &file), "a broken ledger is an empty one");
}
