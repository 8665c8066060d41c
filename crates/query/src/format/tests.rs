use arrow::array::{Int64Array, ListArray, MapBuilder, MapFieldNames, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::Int64Type;

use arrow::ipc::reader::StreamReader;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::*;

fn answer() -> Answer {
    let names: ArrayRef = Arc::new(StringArray::from(vec![Some("a,\"b\""), None]));
    let counts: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
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

/// Tags as the table `traces` has them, and a list.
fn nested() -> Answer {
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut tags = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for entries in [Some(vec![("team", "pay\"ments"), ("wave", "2")]), None, Some(vec![])] {
        for (key, value) in entries.iter().flatten() {
            tags.keys().append_value(key);
            tags.values().append_value(value);
        }
        tags.append(entries.is_some()).expect("as many keys as values");
    }
    let tags: ArrayRef = Arc::new(tags.finish());
    let list = vec![None, Some(vec![Some(1), None]), Some(vec![])];
    let list: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(list));
    let batch = RecordBatch::try_from_iter_with_nullable([("tags", tags, true), ("list", list, true)]).expect("fits");
    Answer { schema: batch.schema(), batches: vec![batch] }
}

#[test]
fn maps_are_objects_and_in_csv_the_text_of_one() {
    let rows = [
        r#"{"tags":{"team":"pay\"ments","wave":"2"},"list":null}"#,
        r#"{"tags":null,"list":[1,null]}"#,
        r#"{"tags":{},"list":[]}"#,
    ];
    assert_eq!(text(Format::Ndjson, &nested()), rows.map(|row| format!("{row}\n")).concat());
    let json: serde_json::Value = serde_json::from_str(&text(Format::Json, &nested())).expect("JSON");
    assert_eq!(json["columns"][0], json!({"name": "tags", "type": "map(text,text)"}));
    assert_eq!(json["rows"][0]["tags"], json!({"team": "pay\"ments", "wave": "2"}));
    let csv = concat!("tags,list\n", r#""{""team"":""pay\""ments"",""wave"":""2""}","#, "\n,\"[1,null]\"\n{},[]\n");
    assert_eq!(text(Format::Csv, &nested()), csv);
    let empty = Answer { schema: nested().schema, batches: Vec::new() };
    assert_eq!(text(Format::Csv, &empty), "tags,list\n");
}

#[test]
fn arrow_and_parquet_are_read_back() {
    for answer in [answer(), nested()] {
        let bytes = Format::Parquet.write(&answer).expect("writes");
        let reader = ParquetRecordBatchReader::try_new(Bytes::from(bytes), 1_024).expect("opens");
        assert_eq!(reader.collect::<Result<Vec<_>, _>>().expect("reads"), answer.batches);
        let bytes = Format::ArrowStream.write(&answer).expect("writes");
        let reader = StreamReader::try_new(&bytes[..], None).expect("opens");
        assert_eq!(reader.collect::<Result<Vec<_>, _>>().expect("reads"), answer.batches);
    }
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
