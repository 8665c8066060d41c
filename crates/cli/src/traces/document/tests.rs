use super::*;

fn read(kind: &str, id: Option<&str>, text: &str) -> Result<Document, Unfit> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.csv");
    std::fs::write(&path, text).unwrap();
    let stamp = Stamp::of(&std::fs::metadata(&path).unwrap());
    let file = TraceFile { kind: kind.to_owned(), path, id: id.map(str::to_owned), stamp };
    Document::read(&file, &sanitizer())
}

fn at(document: &Document) -> String {
    document.at.to_rfc3339()
}

#[test]
fn the_time_is_the_latest_start_of_the_files_own_stage_in_utc() {
    let text = "origin,path,syncStartTime,buildStartTime,buildId\r\n\
                github.com,a/b,2026-03-01T00:00:00Z,2026-02-18T23:30:00.5-05:00,20260218233000-AAAAA\r\n\
                github.com,a/c,2026-03-01T00:00:00Z,2026-02-18T20:30:00-05:00[America/Chicago],20260218233000-AAAAA\r\n";
    let document = read("build", None, text).unwrap();
    assert_eq!((at(&document).as_str(), document.id.as_str()), ("2026-02-19T04:30:00.500000Z", "20260218233000-AAAAA"));
    assert_eq!(document.clean, text.as_bytes(), "byte for byte");
    let old = "origin,path,cloneStartTime\ngithub.com,a/b,2026-02-18T23:30:00Z[Etc/UTC]\n";
    assert_eq!(at(&read("sync", Some("1"), old).unwrap()), "2026-02-18T23:30:00.000000Z");
}

#[test]
fn every_form_of_time_is_read_and_a_clock_years_off_is_not_believed() {
    let at_of = |cell: &str| read("run", Some("1"), &format!("origin,path,runStartTime\ng,a,\"{cell}\"\n")).unwrap();
    for cell in ["2026-06-10T21:50Z[Etc/UTC]", "2026-06-10T21:50Z", "2026-06-10T16:50:00-0500", "2026-06-10T16:50-05"] {
        assert_eq!(at(&at_of(cell)), "2026-06-10T21:50:00.000000Z", "{cell}");
    }
    for cell in ["9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2026-06-10T21:50:00"] {
        let document = at_of(cell);
        assert_eq!(document.at.0, document.stamp.modified, "{cell}");
    }
}

#[test]
fn without_a_start_any_time_and_without_any_the_files() {
    let other = "origin,path,syncEndTime,runStartTime\ng,a,2026-02-18T00:00:01Z,\n";
    assert_eq!(at(&read("run", Some("1"), other).unwrap()), "2026-02-18T00:00:01.000000Z");
    let none = read("run", Some("1"), "origin,path\ng,a\n").unwrap();
    assert_eq!(none.at.0, none.stamp.modified);
}

#[test]
fn an_id_that_nobody_tells_stays_while_the_file_grows() {
    let first = "origin,path\ng,a\n";
    let one = read("sync", None, first).unwrap();
    let grown = read("sync", None, &format!("{first}g,b\n")).unwrap();
    assert!(one.id.starts_with("content-"));
    assert_eq!(one.id, grown.id);
    assert_ne!(one.sha256, grown.sha256);
    assert_ne!(one.id, read("sync", None, "origin,path\ng,z\n").unwrap().id);
}

#[test]
fn secrets_go_cell_by_cell_and_the_file_stays_a_csv() {
    let text = "origin,path,execCommand,execId\ng,a,\"deploy --token \"\"ghp_0123456789abcdefghijABCDEFGHIJ012345\"\", now\",1\n";
    let document = read("exec", Some("1"), text).unwrap();
    let clean = String::from_utf8(document.clean).unwrap();
    assert!(!clean.contains("ghp_0123456789") && clean.contains("REDACTED"), "{clean}");
    assert!(
        clean.starts_with("origin,path,execCommand,execId\ng,a,\"deploy --token") && clean.ends_with(",1\n"),
        "{clean}"
    );
    assert_eq!(document.sha256, sha256(text.as_bytes()), "known by what lies here");
}

#[test]
fn what_is_no_trace_is_told() {
    for text in ["<html>", "a,b\n1,2\n", "\u{0}\u{0}", "\"never ends"] {
        assert!(matches!(read("build", Some("1"), text), Err(Unfit::NoTrace(_))), "{text:?}");
    }
}
