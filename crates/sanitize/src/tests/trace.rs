//! Trace files: what stays of the file, byte for byte, and what does not.

use std::fs;
use std::path::{Path, PathBuf};

use record::dictionary::{Kind, traces};
use record::trace::{CommandId, CommandType};

use super::*;
use crate::Report;

const FAKE_TOKEN: &str = "ghp_FAKEfake0123456789FAKEfake0123456789";
const FAKE_PASSWORD: &str = "FAKE-not-a-real-pa55word";

fn sanitized(file: &[u8]) -> (Vec<u8>, Report) {
    let names = (CommandType::new("run").unwrap(), CommandId::new("20260219145356-EWS22").unwrap());
    let trace = receive::decode_trace(names.0, names.1, file, &receive::TraceLimits::default()).unwrap();
    let mut payload = Payload::Trace(Box::new(trace));
    let report = sanitizer(Policy::default()).sanitize(&mut payload, Provider::Mod, &key());
    let Payload::Trace(trace) = &payload else { unreachable!() };
    (trace.to_csv().into_owned(), report)
}

fn text(file: &str) -> (String, Report) {
    let (file, report) = sanitized(file.as_bytes());
    (String::from_utf8(file).unwrap(), report)
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    fn gather(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "csv") {
                out.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/traces"), &mut paths);
    assert!(paths.len() > 20, "only {} trace files found", paths.len());
    paths.into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

#[test]
fn a_file_without_secrets_stays_byte_for_byte() {
    let mut unchanged = 0;
    for (name, file) in fixtures() {
        let secret = [FAKE_TOKEN, FAKE_PASSWORD].iter().any(|fake| String::from_utf8_lossy(&file).contains(fake));
        let logs = String::from_utf8_lossy(&file).contains("Log,");
        if !secret && !logs {
            let (after, report) = sanitized(&file);
            assert!(after == file, "{name} is changed");
            assert_eq!(report, Report::default(), "{name}");
            unchanged += 1;
        }
    }
    assert!(unchanged > 18, "only {unchanged} files without secrets");
}

#[test]
fn no_secret_of_a_file_stays_and_a_second_time_changes_nothing() {
    for (name, file) in fixtures() {
        let (once, _) = sanitized(&file);
        let shown = String::from_utf8_lossy(&once);
        assert!(!shown.contains(FAKE_TOKEN) && !shown.contains(FAKE_PASSWORD), "{name}");
        assert_eq!(sanitized(&once).0, once, "{name}");
    }
}

#[test]
fn a_command_line_stays_without_its_secrets() {
    let line = format!(
        "origin,execCommand,execExitCode\r\na,\"curl -H \"\"Authorization: Bearer {FAKE_TOKEN}\"\" https://ci:{FAKE_PASSWORD}@b.example.com/x\",0\r\n"
    );
    let (after, report) = text(&line);
    let (start, rest) = after.split_once("Bearer ").unwrap();
    assert_eq!(start, "origin,execCommand,execExitCode\r\na,\"curl -H \"\"Authorization: ");
    assert!(rest.ends_with("@b.example.com/x\",0\r\n"), "{rest}");
    assert!(report.redactions.total() >= 2, "{report:?}");
}

#[test]
fn every_way_a_secret_gets_into_a_file_is_closed() {
    let uri = format!("https://ci:{FAKE_PASSWORD}@git.example.com/acme/shop");
    for file in [
        format!("origin,syncCloneUri\na,{uri}\n"),
        format!("origin,publishUri\na,\"{uri}\"\n"),
        format!("origin,execCommandWithSubstitutions\na,mvn deploy -Dpassword={FAKE_PASSWORD} -q\n"),
        format!("origin,execCommand\na,deploy --token {FAKE_TOKEN}\n"),
        format!("origin,mcpArguments\na,\"{{\"\"password\"\":\"\"{FAKE_PASSWORD}\"\"\"\n"),
        format!("origin,runRecipeOptions\na,\"{{\\\"password\\\":\\\"{FAKE_PASSWORD}\\\"}}\"\n"),
        format!("origin,runRecipeOptions,path\na,\"{{\"\"apiToken\"\": \"\"{FAKE_PASSWORD}\"\"}}\",b\n"),
        format!("origin,tag.deployToken\na,{FAKE_PASSWORD}\n"),
        format!("origin,tag_password\na,{FAKE_PASSWORD}\n"),
        format!("origin,tag.{FAKE_TOKEN}\na,b\n"),
        format!("origin,unheardOf\na,password={FAKE_PASSWORD}\n"),
        format!("origin,buildLineCount\na,{FAKE_TOKEN}\n"),
        format!("origin\na,\"{{\"\"password\"\": \"\"{FAKE_PASSWORD}\"\"}}\"\n"),
        format!("origin,path\na,\"x\" --token={FAKE_TOKEN}\n"),
        format!("origin,path\na,\"{{\\\"password\\\": \\\"{FAKE_PASSWORD}\\\" and no end\n"),
    ] {
        let (after, report) = text(&file);
        assert!(!after.contains(FAKE_TOKEN) && !after.contains(FAKE_PASSWORD), "{after}");
        assert!(report.redactions.total() > 0, "{after}");
        assert_eq!(text(&after).0, after);
    }
}

#[test]
fn no_column_of_the_format_is_taken_for_a_secret_by_its_name() {
    let columns = traces::TABLE.columns.iter().take(traces::ORGANIZATION.index + 1);
    let names: Vec<&str> = columns.filter(|column| column.kind == Kind::Text).map(|column| column.name).collect();
    let values = vec!["20260219145356-EWS22x9"; names.len()];
    let file = format!("{}\n{}\n", names.join(","), values.join(","));
    assert_eq!(text(&file).0, file);
}

#[test]
fn paths_of_logs_go_and_their_columns_stay() {
    let (after, _) = text("origin,buildLog,cloneLog,path,catalog\na,/home/ada/build.log,\"/home/ada/c.log\",b,c\n");
    assert_eq!(after, "origin,buildLog,cloneLog,path,catalog\na,,\"\",b,c\n");
}
