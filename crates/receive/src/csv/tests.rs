use proptest::collection::vec;
use proptest::prelude::*;
use record::trace::{CommandId, CommandType, Trace};

use super::*;
use crate::{decode_encoded_trace, decode_trace, encode_trace};

fn decode<'a>(file: &'a [u8], limits: &TraceLimits) -> Result<Trace<'a>, DecodeError> {
    let command_type = CommandType::new("run").expect("a type");
    decode_trace(command_type, CommandId::new("20260219145356-EWS22").expect("an id"), file, limits)
}

fn trace(file: &[u8]) -> Trace<'_> {
    decode(file, &TraceLimits::default()).expect("a trace file")
}

fn refused(file: &[u8], limits: &TraceLimits) -> String {
    decode(file, limits).expect_err("refused").to_string()
}

/// Each row as its cells, empty ones included, up to the last that holds something.
fn rows(trace: &Trace<'_>) -> Vec<Vec<String>> {
    let row = |row| {
        let mut cells = Vec::new();
        for cell in trace.row_cells(row) {
            cells.resize(usize::from(cell.column), String::new());
            cells.push(cell.text.as_str().to_owned());
        }
        cells
    };
    trace.rows.iter().map(row).collect()
}

/// Line and reason of each rejected line.
fn rejected<'t>(trace: &'t Trace<'_>) -> Vec<(u32, &'t str)> {
    trace.rejected.iter().map(|line| (line.line, line.reason.as_str())).collect()
}

#[test]
fn every_line_end_ends_a_row_and_empty_lines_are_nothing() {
    for end in ["\r\n", "\n", "\r"] {
        let file = ["", "origin,path", "a,b", "", "c,", "  ", "\"x\",\"y", "z\"", "d,e"].join(end);
        let trace = trace(file.as_bytes());
        let inner = format!("y{end}z");
        assert_eq!(rows(&trace), [vec!["a", "b"], vec!["c"], vec!["x", &inner], vec!["d", "e"]], "{end:?}");
        assert_eq!(trace.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5, 7, 9], "{end:?}");
        assert_eq!(rejected(&trace), [], "{end:?}");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    let trace = trace("\u{feff}\"origin\",path\na,b\n".as_bytes());
    assert_eq!(trace.header[0].text.as_str(), "origin");
    assert_eq!(rows(&trace), [["a", "b"]]);
}

#[test]
fn what_is_no_trace_file_is_refused_with_a_reason() {
    let limits = TraceLimits { rows: 2, columns: 3, ..TraceLimits::default() };
    let utf16: Vec<u8> = "\u{feff}origin,path\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (file, reason) in [
        (&b""[..], "the file is empty"),
        (b" \r\n\r\n", "the file is empty"),
        (&utf16, "the text is UTF-16"),
        (&utf16[2..], "the text is UTF-16"),
        (b"<html><body>Sign in</body></html>", "none of the names is a column"),
        (b"a,b\n1,2\n", "none of the names is a column"),
        (b"\"origin,path\n1,2\n", "a quote in the header does not end"),
        (b"origin,path,branch,developer\n", "4 columns, more than 3"),
        (b"origin\na\nb\nc\n", "more than 2 rows"),
    ] {
        let error = refused(file, &limits);
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_header_alone_is_a_file_without_rows() {
    for file in [&b"origin,path"[..], b"origin,path\r\n", b"origin,path\r\n\r\n"] {
        let trace = trace(file);
        assert_eq!((trace.rows.len(), trace.rejected.len()), (0, 0));
    }
}

#[test]
fn a_short_row_is_a_row_and_a_long_one_if_nothing_is_lost() {
    let trace = trace(b"origin,path,branch\na\nb,c,d,,\"\"\ne,f,g,h\n,,i\n");
    assert_eq!(rows(&trace), [vec!["a"], vec!["b", "c", "d"], vec!["", "", "i"]]);
    assert_eq!(rejected(&trace), [(4, "4 cells where the header names 3 columns")]);
    assert_eq!(trace.rejected[0].text.as_str(), "e,f,g,h");
}

#[test]
fn quotes_are_read_doubled_and_with_backslashes_in_one_file() {
    let file = br#"origin,path,branch
a,"{""k"": ""v, w""}",1
b,"{\"k\": \"v, w\"}",2
c,"C:\repos\",3
d,"{""k"": ""say \""hi\""""}",4
e,"{\"k\": \"say \\\"hi\\\"\"}",5
"#;
    let trace = trace(file);
    let json = r#"{"k": "v, w"}"#;
    let said = r#"{"k": "say \"hi\""}"#;
    assert_eq!(
        rows(&trace),
        [["a", json, "1"], ["b", json, "2"], ["c", r"C:\repos\", "3"], ["d", said, "4"], ["e", said, "5"]]
    );
    assert_eq!(rejected(&trace), []);
}

#[test]
fn a_file_that_escapes_with_backslashes_does_so_where_it_cannot_be_told() {
    let escaped = trace(b"origin,path,branch\na,\"x\\\"y\",1\nb,\"C:\\\\repos\",2\n");
    assert_eq!(rows(&escaped), [["a", "x\"y", "1"], ["b", r"C:\repos", "2"]]);
    let doubled = trace(b"origin,path,branch\na,\"x\"\"y\",1\nb,\"C:\\\\repos\",2\n");
    assert_eq!(rows(&doubled), [["a", "x\"y", "1"], ["b", r"C:\\repos", "2"]]);
}

#[test]
fn a_broken_quote_costs_its_own_row_only() {
    let file = b"origin,path,branch\na,b,c\nd,\"e,f\ng,h,i\nj,\"k\" l,m\nn,o,p\nq,\"rest\nof it,r\ns,t,u\n";
    let trace = trace(file);
    assert_eq!(rows(&trace), [["a", "b", "c"], ["g", "h", "i"], ["n", "o", "p"], ["s", "t", "u"]]);
    assert_eq!(
        rejected(&trace),
        [
            (3, "text follows the quote that ends cell 2"),
            (5, "text follows the quote that ends cell 2"),
            (7, "the quote that opens cell 2 does not end"),
            (8, "looks like the rest of the broken row above"),
        ]
    );
}

#[test]
fn a_cell_beyond_the_limit_costs_its_row() {
    let limits = TraceLimits { cell_bytes: 4, ..TraceLimits::default() };
    let file = b"origin,path\na,12345\nb,\"1\n345\"\nc,1234\n";
    let trace = decode(file, &limits).expect("a trace file");
    assert_eq!(rows(&trace), [["c", "1234"]]);
    assert_eq!(rejected(&trace), [(2, "cell 2 is larger than 4 bytes"), (3, "cell 2 is larger than 4 bytes")]);
}

#[test]
fn bytes_that_are_no_text_stay_in_the_file() {
    let file = b"origin,path\na,caf\xe9\n";
    let trace = trace(file);
    assert_eq!(rows(&trace), [["a", "caf\u{fffd}"]]);
    assert_eq!(trace.to_csv().as_ref(), file);
}

#[test]
fn a_changed_cell_is_spliced_in_and_nothing_else_moves() {
    let file =
        b"\xef\xbb\xbforigin,path,branch\r\na,\"x, \"\"secret\"\"\",b\r\n\"secret\",c\n\rsecret,d,e,f\r\n".to_vec();
    let mut trace = trace(&file);
    for cell in &mut trace.cells {
        let text = cell.text.as_str().replace("secret", "\"gone\"");
        cell.text.set(text);
    }
    let line = trace.rejected[0].text.as_str().replace("secret", "gone");
    trace.rejected[0].text.set(line);
    let expected =
        b"\xef\xbb\xbforigin,path,branch\r\na,\"x, \"\"\"\"gone\"\"\"\"\",b\r\n\"\"\"gone\"\"\",c\n\rgone,d,e,f\r\n";
    assert_eq!(trace.to_csv().as_ref(), expected);
}

#[test]
fn the_journal_gives_the_file_back() {
    let trace = trace(b"origin,path\na,b\nc,d,e\n");
    let mut body = Vec::new();
    encode_trace(&trace, &mut body);
    assert_eq!(decode_encoded_trace(&body, &TraceLimits::default()).expect("readable"), trace);
    for end in 0..body.len() {
        drop(decode_encoded_trace(&body[..end], &TraceLimits::default()));
    }
    assert!(decode_encoded_trace(b"\x02..\x01aorigin\n", &TraceLimits::default()).is_err());
}

#[test]
fn a_body_of_nothing_but_openings_is_read_in_linear_time() {
    for unit in ["\"\n", ",\"x\n", "\"\"\"\n", "\"\\\"\n", "\"\\\\\n", ",\n", "\",\"\n", "x\",\"\n", "x\",\"\\\n"] {
        let file = format!("origin,path,branch\n{}", unit.repeat(200_000));
        let names = (CommandType::new("run").expect("a type"), CommandId::new("x").expect("an id"));
        let (limits, account) = (TraceLimits::default(), Account::unlimited());
        let trace = read(names.0, names.1, file.as_bytes(), &limits, &account).expect("a trace file");
        assert!(trace.rows.len() + trace.rejected.len() > 1, "{unit:?}");
    }
}

/// Texts that a writer would have to quote, and those it would not.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9:./-]{0,12}",
        2 => r#"[a-z",\r\n\{\}: ]{0,12}"#,
        1 => r#"[a-z",\\\n]{0,12}"#,
        1 => "\\PC{0,8}",
    ]
}

fn written(table: &[Vec<String>], quoting: Quoting, end: &str) -> String {
    let mut out = Vec::new();
    out.extend_from_slice(b"origin,path,branch,developer");
    for row in table {
        out.extend_from_slice(end.as_bytes());
        for (nth, text) in row.iter().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            quoting.write(text, &mut out);
        }
    }
    String::from_utf8(out).expect("UTF-8")
}

fn until_last(row: &[String]) -> Vec<String> {
    let len = row.iter().rposition(|text| !text.is_empty()).map_or(0, |last| last + 1);
    row[..len].to_vec()
}

proptest! {
    #[test]
    fn a_table_comes_back_from_either_quoting(
        table in vec(vec(texts(), 4), 0..8),
        quoting in prop_oneof![Just(Quoting::Doubled), Just(Quoting::Backslash)],
        end in prop_oneof![Just("\r\n"), Just("\n")],
    ) {
        let mut table = table;
        if quoting == Quoting::Backslash {
            // what tells the file's quoting
            table.extend((0..9).map(|_| vec!["{\"k\": \"v\"}".to_owned(); 4]));
        }
        let file = written(&table, quoting, end);
        let trace = trace(file.as_bytes());
        prop_assert_eq!(rejected(&trace), []);
        let expected: Vec<_> = table.iter().map(|row| until_last(row)).collect();
        prop_assert_eq!(rows(&trace), expected);
        prop_assert!(trace.to_csv() == file.as_bytes());
    }

    #[test]
    fn what_the_csv_crate_writes_is_read(table in vec(vec(texts(), 4), 0..8)) {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(["origin", "path", "branch", "developer"]).expect("memory");
        for row in &table {
            writer.write_record(row).expect("memory");
        }
        let file = writer.into_inner().expect("memory");
        let trace = trace(&file);
        prop_assert_eq!(rejected(&trace), []);
        let expected: Vec<_> = table.iter().map(|row| until_last(row)).collect();
        prop_assert_eq!(rows(&trace), expected);
    }

    #[test]
    fn no_bytes_make_it_panic_or_lose_a_line(
        tail in prop_oneof![vec(any::<u8>(), 0..200), r#"[a,"\\\r\n]{0,200}"#.prop_map(String::into_bytes)],
    ) {
        let mut file = b"origin,path,branch\n".to_vec();
        file.extend_from_slice(&tail);
        drop(decode(&tail, &TraceLimits::default()));
        let trace = trace(&file);
        prop_assert!(trace.to_csv() == file.as_slice());
        for row in &trace.rows {
            prop_assert!(trace.row_cells(row).len() <= 3);
        }
        // every letter is in a row or in a rejected line
        let kept = trace.cells.iter().map(|cell| cell.text.as_str()).chain(trace.rejected.iter().map(|line| line.text.as_str()));
        let kept = kept.flat_map(str::bytes).filter(|byte| *byte == b'a').count();
        let sent = String::from_utf8_lossy(&tail).bytes().filter(|byte| *byte == b'a').count();
        prop_assert_eq!(kept, sent);
    }

    #[test]
    fn a_broken_line_takes_no_whole_row_with_it(
        before in vec(vec("[a-z]{1,5}", 3), 1..4),
        broken in r#"[a-z,]{0,6}"[a-z]{1,4}[a-z,]{0,6}"#,
        after in vec(vec("[a-z]{1,5}", 3), 1..4),
    ) {
        let lines: Vec<String> = before.iter().map(|row| row.join(",")).chain([broken]).chain(after.iter().map(|row| row.join(","))).collect();
        let file = format!("origin,path,branch\n{}\n", lines.join("\n"));
        let read = rows(&trace(file.as_bytes()));
        for row in before.iter().chain(&after) {
            prop_assert!(read.contains(row), "{row:?} is lost");
        }
    }
}
