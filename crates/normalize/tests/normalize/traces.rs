//! Trace files, as rows.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

use normalize::{Output, TraceFile, TraceRows, normalize};
use proptest::prelude::*;
use receive::TraceLimits;
use record::arrival::Payload;
use record::dictionary::{events_raw, traces, traces_rejected};
use record::json;
use record::rows::Rows;
use record::source::{Provider, Signal, Source};
use record::trace::{CommandId, CommandType, Quoting};
use record::value::Value;

use crate::{show, support};

const ID: &str = "20260219145356-EWS22";

/// A file by the way of the server: read, sanitized, written to the journal, read again, normalized.
fn normalized(kind: &str, id: &str, file: &[u8], signal: Signal) -> Output {
    let (kind, id) = (CommandType::new(kind).expect("a type"), CommandId::new(id).expect("an id"));
    let limits = TraceLimits::default();
    let trace = receive::decode_trace(kind, id, file, &limits).expect("a trace file");
    let mut payload = Payload::Trace(Box::new(trace));
    let key = redact::HashKey::derive(b"tests", "placeholders");
    support::SANITIZER.sanitize(&mut payload, Provider::Mod, &key);
    let Payload::Trace(trace) = &payload else { unreachable!("stays a trace") };
    let mut body = Vec::new();
    receive::encode_trace(trace, &mut body);
    let trace = receive::decode_encoded_trace(&body, &limits).expect("what was written");
    let mut out = Output::default();
    normalize(&support::envelope(Provider::Mod, signal), Some(&Payload::Trace(Box::new(trace))), &mut out);
    out
}

fn one(out: Output) -> (TraceRows, TraceFile) {
    let [rows] = <[TraceRows; 1]>::try_from(out.traces).expect("rows of one type");
    let [file] = <[TraceFile; 1]>::try_from(out.trace_files).expect("one file");
    (rows, file)
}

fn rows(kind: &str, file: &str) -> Rows {
    one(normalized(kind, ID, file.as_bytes(), Signal::CliTraces)).0.rows
}

fn text(rows: &Rows, row: usize, column: &str) -> Option<String> {
    let column = rows.table().column(column).expect("a column");
    match rows.get(row, column) {
        Value::Null => None,
        Value::Text(text) => Some(text.into_owned()),
        Value::Int(int) => Some(int.to_string()),
        Value::Double(double) => Some(double.to_string()),
        map @ Value::Map(_) => {
            let mut json = Vec::new();
            json::write_value(&map, &mut json);
            Some(String::from_utf8(json).expect("text"))
        }
        other => other.to_bool().map(|bool| bool.to_string()),
    }
}

/// Every fixture below a folder of `fixtures/traces`: path, type, id and bytes.
fn fixtures(folder: &str) -> Vec<(String, String, String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/traces");
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "csv") {
                let part = |path: Option<&std::ffi::OsStr>| path.expect("a name").to_string_lossy().into_owned();
                let kind = part(path.parent().and_then(Path::file_name));
                let name = path.strip_prefix(&root).expect("below the root").display().to_string();
                found.push((name, kind, part(path.file_stem()), std::fs::read(&path).expect("readable")));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no trace files in {folder}");
    found
}

fn shown(folder: &str) -> String {
    let mut page = String::new();
    for (name, kind, id, file) in fixtures(folder) {
        let out = normalized(&kind, &id, &file, Signal::CliTraces);
        let raw = out.raw.get_text(0, events_raw::RAW_EVENT).expect("a summary").to_owned();
        let (rows, _) = one(out);
        writeln!(page, "# {name}\n{raw}").expect("memory");
        page.push_str(&show::lines(&rows.rows));
        page.push_str(&show::lines(&rows.rejected));
    }
    page
}

#[test]
fn files_of_every_type() {
    insta::assert_snapshot!(shown("4.3.10"));
}

#[test]
fn files_of_earlier_versions() {
    let eras =
        ["3.45", "3.45-clone", "3.45-logs", "3.45-run", "3.50-run", "4.1.3", "4.3.4-run", "documented-first-run"];
    insta::assert_snapshot!(eras.map(shown).concat());
}

#[test]
fn odd_files() {
    insta::assert_snapshot!(shown("odd"));
}

#[test]
fn every_column_of_the_newest_files_has_its_place() {
    let mut filled = HashSet::new();
    for (name, kind, id, file) in fixtures("4.3.10") {
        let (rows, file) = one(normalized(&kind, &id, &file, Signal::CliTraces));
        assert_eq!((file.rows, file.rejected), (3, 0), "{name}");
        for row in 0..rows.rows.len() {
            let attributes = text(&rows.rows, row, "attributes").unwrap_or_default();
            assert!(attributes.is_empty() || attributes.starts_with("{\"redactions\":"), "{name}: {attributes}");
            filled.extend(
                traces::TABLE
                    .columns
                    .iter()
                    .filter(|column| rows.rows.get(row, **column) != Value::Null)
                    .map(|column| column.name),
            );
        }
    }
    // what the repositories of the fixtures have no value for
    let empty = ["synclstdownloaduri", "builddotnetversion", "mcprecipeid", "mcprunid", "tags"];
    let missing: Vec<&str> = traces::TABLE
        .columns
        .iter()
        .map(|column| column.name)
        .filter(|name| !filled.contains(name) && !empty.contains(name) && !name.starts_with("execvarmoderne"))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn columns_are_found_by_name_in_any_order_and_spelling() {
    let rows = rows("run", "organization,RUN_ID, runElapsedTimeMs ,branch,origin,Path\nALL,r1,42,main,h,p\n");
    let cells = ["organization", "runid", "runelapsedtimems", "branch", "origin", "path"];
    assert_eq!(
        cells.map(|column| text(&rows, 0, column).expect("filled")),
        ["ALL", "r1", "42", "main", "h", "p"].map(str::to_owned)
    );
    assert_eq!(text(&rows, 0, "attributes"), None);
}

#[test]
fn a_boolean_of_an_earlier_version_is_an_outcome() {
    let rows = rows("build", "origin,buildSuccess,cloneSuccess,runSuccess\na,true,FALSE,\nb,maybe,Canceled,false\n");
    let outcomes = |row| ["buildoutcome", "syncoutcome", "runoutcome"].map(|column| text(&rows, row, column));
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(outcomes(0), [some("Succeeded"), some("Failed"), None]);
    assert_eq!(outcomes(1), [None, some("Canceled"), some("Failed")]);
    assert_eq!(text(&rows, 1, "attributes").as_deref(), Some(r#"{"unparsed":{"buildoutcome":"maybe"}}"#));
}

#[test]
fn an_outcome_counts_more_than_a_boolean_and_neither_is_lost() {
    let rows = rows("build", "origin,buildSuccess,buildOutcome\na,false,Canceled\n");
    assert_eq!(text(&rows, 0, "buildoutcome").as_deref(), Some("Canceled"));
    assert_eq!(text(&rows, 0, "attributes").as_deref(), Some(r#"{"buildSuccess":"false"}"#));
}

#[test]
fn names_that_come_twice_are_one_column() {
    let rows = rows("build", "origin,path,Path,syncCloneUri,cloneCloneUri,x,x\na,,p,u,u,,1\na,p,q,u,v,1,2\n");
    assert_eq!(text(&rows, 0, "path").as_deref(), Some("p"));
    assert_eq!(text(&rows, 0, "attributes").as_deref(), Some(r#"{"x":"1"}"#));
    assert_eq!(text(&rows, 1, "path").as_deref(), Some("p"));
    assert_eq!(text(&rows, 1, "synccloneuri").as_deref(), Some("u"));
    assert_eq!(text(&rows, 1, "attributes").as_deref(), Some(r#"{"Path":"q","cloneCloneUri":"v","x":"1"}"#));
}

#[test]
fn nothing_of_a_header_to_come_is_lost() {
    let rows = rows("build", "origin,buildGoVersion,,tag.team,tag_wave,größe\na,1.23,x,t,2,9\n");
    assert_eq!(text(&rows, 0, "tags").as_deref(), Some(r#"{"team":"t","wave":"2"}"#));
    assert_eq!(
        text(&rows, 0, "attributes").as_deref(),
        Some(r#"{"buildGoVersion":"1.23","column_3":"x","größe":"9"}"#)
    );
}

#[test]
fn tags_keep_the_order_of_the_file_and_the_first_of_a_key_that_says_something() {
    let rows = rows("build", "origin,tag.wave,TAG_team,tag.Team,tag.team,tag.wave\na,,x,y,z,2\nb,,,,,\nc,1,,,,2\n");
    let tags = |row| text(&rows, row, "tags");
    assert_eq!(tags(0).as_deref(), Some(r#"{"wave":"2","team":"x","Team":"y"}"#));
    assert_eq!(tags(1), None);
    assert_eq!(tags(2).as_deref(), Some(r#"{"wave":"1"}"#));
}

#[test]
fn what_does_not_fit_its_type_stays_as_text() {
    let rows = rows(
        "run",
        "origin,runLinesAdded,runPomCacheHitRate,runStreaming,runStartTime,buildLineCount,runLinesRemoved\na,many,NaN,yes,2026-02-19T10:00:00,1.5,4.2E1\n",
    );
    assert_eq!(
        text(&rows, 0, "attributes").as_deref(),
        Some(
            r#"{"unparsed":{"runlinesadded":"many","runpomcachehitrate":"NaN","runstreaming":"yes","runstarttime":"2026-02-19T10:00:00","buildlinecount":"1.5"}}"#
        )
    );
    assert_eq!(text(&rows, 0, "runlinesremoved").as_deref(), Some("42"));
}

#[test]
fn a_file_lies_where_the_latest_start_of_its_own_stage_says() {
    let header = "origin,syncStartTime,buildStartTime,runStartTime";
    let object = |kind: &str, rows: &str, signal| {
        one(normalized(kind, ID, format!("{header}\n{rows}").as_bytes(), signal)).1.object
    };
    let late = "a,2026-03-05T00:00:00Z,2026-03-01T00:00:00Z,2026-03-02T23:30:00-05:00\na,,,2026-03-02T00:00:00Z\n";
    let key = |source: &str, kind: &str, day: &str| {
        format!("traces/tenant=acme/source={source}/type={kind}/year=2026/{day}/{ID}.csv")
    };
    // 23:30 at UTC-5 is the next day
    assert_eq!(object("run", late, Signal::CliTraces), key("cli", "run", "month=03/day=03"));
    assert_eq!(object("build", late, Signal::SaasTraces), key("saas", "build", "month=03/day=01"));
    // no stage of its own: the first time of the file; none at all, or none that can be true: the receipt
    assert_eq!(object("study", late, Signal::CliTraces), key("cli", "study", "month=03/day=05"));
    assert_eq!(object("run", "a,,,\n", Signal::CliTraces), key("cli", "run", "month=11/day=21"));
    assert_eq!(object("run", "a,,,1970-01-01T00:00:00Z\n", Signal::CliTraces), key("cli", "run", "month=11/day=21"));
}

#[test]
fn all_rows_of_a_file_have_one_time() {
    let (rows, file) = one(normalized(
        "run",
        ID,
        b"origin,runStartTime\na,2026-03-01T10:00:00Z\nb,2026-03-09T10:00:00Z\nc,\"x\"y\n",
        Signal::CliTraces,
    ));
    assert_eq!(file.command_time.to_rfc3339(), "2026-03-09T10:00:00.000000Z");
    for row in 0..2 {
        assert_eq!(rows.rows.get(row, traces::COMMAND_TIME), Value::Int(file.command_time.0));
    }
    assert_eq!(rows.rejected.get(0, traces_rejected::COMMAND_TIME), Value::Int(file.command_time.0));
}

#[test]
fn a_file_delivered_again_has_the_same_identities_and_any_other_has_others() {
    let file = "origin,path\na,b\na,b\nx,y,z\n";
    let ids = |kind: &str, id: &str, file: &str, signal| {
        let (rows, _) = one(normalized(kind, id, file.as_bytes(), signal));
        assert_eq!((rows.rows.len(), rows.rejected.len()), (2, 1));
        let all: Vec<u128> =
            rows.rows.identities().iter().chain(rows.rejected.identities()).map(|id| id.expect("declared")).collect();
        let shown = text(&rows.rows, 0, "row_id").expect("an id");
        assert_eq!(u128::from_str_radix(&shown, 16), Ok(all[0]));
        all
    };
    let first = ids("run", ID, file, Signal::CliTraces);
    assert_eq!(ids("run", ID, file, Signal::CliTraces), first);
    let mut seen: HashSet<u128> = first.iter().copied().collect();
    assert_eq!(seen.len(), 3, "equal rows of one file are two");
    for other in [
        ids("build", ID, file, Signal::CliTraces),
        ids("run", "another", file, Signal::CliTraces),
        ids("run", ID, &file.replace('y', "Y"), Signal::CliTraces),
        ids("run", ID, file, Signal::SaasTraces),
    ] {
        assert!(other.into_iter().all(|id| seen.insert(id)));
    }
}

#[test]
fn the_raw_row_names_the_object_and_holds_no_copy() {
    let file = b"origin,path\na,b\nc,d,e\n";
    let out = normalized("run", ID, file, Signal::CliTraces);
    let raw: serde_json::Value =
        serde_json::from_str(out.raw.get_text(0, events_raw::RAW_EVENT).expect("a summary")).expect("JSON");
    assert_eq!(out.raw.get_text(0, events_raw::SIGNAL), Some("cli_traces"));
    assert_eq!(out.raw.get_text(0, events_raw::PROVIDER), Some("mod"));
    let (rows, stored) = one(out);
    assert_eq!(rows.source, Source::Cli);
    assert_eq!(
        raw,
        serde_json::json!({
            "type": "run", "command_id": ID, "object": stored.object, "bytes": file.len(), "rows": 1, "rejected": 1,
            "sha256": stored.sha256,
        })
    );
    assert_eq!(text(&rows.rows, 0, "file_sha256"), Some(stored.sha256));
}

#[test]
fn a_rejected_line_is_kept_without_its_secrets_up_to_a_limit() {
    let token = "ghp_FAKEfake0123456789FAKEfake0123456789";
    let file = format!("origin,path\na,\"b\" --token={token} {}\n", "ü".repeat(4_000));
    let (rows, _) = one(normalized("run", ID, file.as_bytes(), Signal::CliTraces));
    let line = text(&rows.rejected, 0, "raw_line").expect("a line");
    assert!(!line.contains(token) && line.contains("[REDACTED:"), "{line}");
    assert!((4_090..=4_096).contains(&line.len()), "{}", line.len());
    assert_eq!(text(&rows.rejected, 0, "line_number").as_deref(), Some("2"));
    assert_eq!(text(&rows.rejected, 0, "reason").as_deref(), Some("text follows the quote that ends cell 2"));
}

#[test]
fn redactions_are_counted_on_their_row() {
    let file = "origin,execCommand,execCommandWithSubstitutions\na,make,make\nb,mvn -Dpassword=FAKEpa55word9,mvn -Dpassword=FAKEpa55word9\n";
    let rows = rows("exec", file);
    assert_eq!(text(&rows, 0, "attributes"), None);
    assert_eq!(text(&rows, 1, "attributes").as_deref(), Some(r#"{"redactions":"{\"password\":2}"}"#));
}

/// Names of columns, known and not, and cells that fit them or do not.
fn names() -> impl Strategy<Value = String> {
    let known: Vec<&str> = traces::TABLE.columns.iter().map(|column| column.name).collect();
    prop_oneof![
        4 => proptest::sample::select(known).prop_map(str::to_owned),
        1 => "(clone|build|run)(Success|StartTime|Id)",
        1 => "tag[._][a-z]{0,2}",
        1 => r#"[a-z", ]{0,4}"#,
    ]
}

fn cells() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[0-9]{1,22}",
        "(true|false|Succeeded)",
        "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:00:00(Z|[+-]0[0-9]:00)",
        r#"[a-z"\\\n,\[\]RD:]{0,9}"#,
        "\\PC{0,6}",
    ]
}

proptest! {
    #[test]
    fn every_line_is_a_row_and_every_object_is_json(
        names in proptest::collection::vec(names(), 1..12),
        table in proptest::collection::vec(proptest::collection::vec(cells(), 0..14), 0..5),
        kind in "(run|build|x)",
    ) {
        let mut table = table;
        for row in table.iter_mut().filter(|row| row.iter().any(|text| text.contains('\\'))) {
            // a row of another width with backslashes may be read in more than one way
            row.resize(names.len(), String::new());
        }
        // and a backslash before a quote, with quotes doubled, is what an escaped quote is with backslashes
        for text in table.iter_mut().flatten() {
            if text.contains("\\\"") || text.ends_with('\\') {
                text.retain(|character| character != '\\');
            }
        }
        let mut file = Vec::new();
        for line in std::iter::once(&names).chain(&table) {
            for (nth, text) in line.iter().enumerate() {
                if nth > 0 {
                    file.push(b',');
                }
                Quoting::Doubled.write(text, &mut file);
            }
            file.extend_from_slice(b",\"\"\r\n");
        }
        let file = [b"origin,", file.as_slice()].concat();
        let (rows, stored) = one(normalized(&kind, ID, &file, Signal::SaasTraces));
        prop_assert_eq!(stored.rows, rows.rows.len());
        prop_assert_eq!(stored.rejected, rows.rejected.len());
        prop_assert_eq!(stored.rows + stored.rejected, table.len());
        for row in 0..rows.rows.len() {
            if let Some(text) = rows.rows.get_text(row, traces::ATTRIBUTES) {
                let parsed: serde_json::Value = serde_json::from_str(text).expect("JSON");
                prop_assert!(parsed.is_object());
            }
            if let Value::Map(tags) = rows.rows.get(row, traces::TAGS) {
                let keys: HashSet<&str> = tags.iter().map(|(key, _)| key.as_ref()).collect();
                prop_assert!(keys.len() == tags.len() && !tags.is_empty());
                prop_assert!(tags.iter().all(|(_, value)| value.as_str().is_some_and(|text| !text.is_empty())));
            }
        }
    }
}
