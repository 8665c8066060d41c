use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};

use super::*;

fn answer() -> Answer {
    let names: arrow::array::ArrayRef = Arc::new(StringArray::from(vec![Some("a,\"b\""), None]));
    let counts: arrow::array::ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let batch = RecordBatch::try_from_iter_with_nullable([("name", names, true), ("n", counts, false)]).expect("fits");
    Answer { schema: batch.schema(), batches: vec![batch] }
}

fn text(format: Format, answer: &Answer) -> String {
    String::from_utf8(format.write(answer).expect("writes")).expect("text")
}

#[test]
fn json_names_its_columns_and_shows_nulls() {
    let expected = concat!(
        r#"{"columns":[{"name":"name","type":"text"},{"name":"n","type":"bigint"}],"#,
        r#""rows":[{"name":"a,\"b\"","n":1},{"name":null,"n":2}]}"#
    );
    assert_eq!(text(Format::Json, &answer()), expected);
    let empty = Answer { schema: answer().schema, batches: Vec::new() };
    assert!(text(Format::Json, &empty).ends_with(r#""rows":[]}"#));
}

#[test]
fn csv_quotes_and_has_a_header_even_without_rows() {
    assert_eq!(text(Format::Csv, &answer()), "name,n\n\"a,\"\"b\"\"\",1\n,2\n");
    let empty = Answer { schema: answer().schema, batches: Vec::new() };
    assert_eq!(text(Format::Csv, &empty), "name,n\n");
}

#[test]
fn arrow_and_parquet_are_read_back() {
    let bytes = Format::ArrowStream.write(&answer()).expect("writes");
    let batches: Vec<_> = arrow::ipc::reader::StreamReader::try_new(&bytes[..], None)
        .expect("opens")
        .collect::<Result<_, _>>()
        .expect("reads");
    assert_eq!(batches, answer().batches);
    let bytes = Format::Parquet.write(&answer()).expect("writes");
    assert_eq!((&bytes[..4], &bytes[bytes.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
}

#[test]
fn the_accept_header_chooses() {
    for (accept, format) in [
        (None, Some(Format::Json)),
        (Some("*/*"), Some(Format::Json)),
        (Some("text/html, text/csv;q=0.9"), Some(Format::Csv)),
        (Some("Application/X-NDJSON"), Some(Format::Ndjson)),
        (Some("application/vnd.apache.arrow.stream"), Some(Format::ArrowStream)),
        (Some("text/html"), None),
    ] {
        assert_eq!(Format::accepted(accept), format, "{accept:?}");
    }
}
