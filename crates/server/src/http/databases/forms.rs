//! Records as JSON, as flat JSON and as CSV.
//!
//! JSON has what a record is: `id` (its key), `data`, `created_at`, `updated_at`, `updated_by` (the id of the key that wrote last).
//! The flat forms have one value for each name: objects in the data become `data.a.b`, lists one JSON text. A CSV has the columns of
//! all its records, in the order of their names behind the four that every record has.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use catalog::Record;
use serde_json::{Map, Value, json};

use crate::http::dropin::{Form, instant};

/// What every record has, in the flat forms.
pub(super) const COLUMNS: [&str; 4] = ["id", "created_at", "updated_at", "updated_by"];

/// Names behind [`COLUMNS`], and their values.
pub(super) type Fields = BTreeMap<String, Value>;

pub(super) fn answer(status: StatusCode, form: Form, records: &[Record], is_one: bool) -> Response {
    let bytes = match form {
        Form::Json if is_one => records.first().map(json_text).unwrap_or_default(),
        Form::Json => list(records.iter().map(json_text)),
        Form::FlatJson if is_one => records.first().map(flat_text).unwrap_or_default(),
        Form::FlatJson => list(records.iter().map(flat_text)),
        Form::Csv => csv(records),
    };
    (status, [(CONTENT_TYPE, form.content_type())], Body::from(bytes)).into_response()
}

fn list(items: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = vec![b'['];
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&item);
    }
    out.push(b']');
    out
}

/// One JSON object. The data is JSON text already.
pub(super) fn json_text(record: &Record) -> Vec<u8> {
    let (id, by) = (json!(record.key), json!(record.updated_by));
    let (created, updated) = (instant(record.created_at), instant(record.updated_at));
    let data = &record.data;
    format!("{{\"id\":{id},\"data\":{data},\"created_at\":{created},\"updated_at\":{updated},\"updated_by\":{by}}}")
        .into_bytes()
}

fn flat_text(record: &Record) -> Vec<u8> {
    let mut flat = Map::new();
    for (name, value) in COLUMNS.iter().zip(common(record)) {
        flat.insert((*name).to_owned(), value);
    }
    flat.extend(fields(&record.data));
    Value::Object(flat).to_string().into_bytes()
}

/// The values of [`COLUMNS`].
pub(super) fn common(record: &Record) -> [Value; 4] {
    [json!(record.key), instant(record.created_at), instant(record.updated_at), json!(record.updated_by)]
}

/// What the data has, by the names of the flat forms.
pub(super) fn fields(data: &str) -> Fields {
    let mut fields = Fields::new();
    if let Ok(data) = serde_json::from_str(data) {
        flatten("data".to_owned(), data, &mut fields);
    }
    fields
}

fn flatten(name: String, value: Value, fields: &mut Fields) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                flatten(format!("{name}.{key}"), value, fields);
            }
        }
        Value::Array(_) => {
            fields.insert(name, Value::String(value.to_string()));
        }
        scalar => {
            fields.insert(name, scalar);
        }
    }
}

/// A value as a cell: null is empty.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn csv(records: &[Record]) -> Vec<u8> {
    let fields: Vec<Fields> = records.iter().map(|record| fields(&record.data)).collect();
    let names: BTreeSet<&String> = fields.iter().flat_map(Fields::keys).collect();
    let mut out = csv::Writer::from_writer(Vec::new());
    let header = COLUMNS.into_iter().chain(names.iter().map(|name| name.as_str()));
    let mut written = out.write_record(header);
    for (record, fields) in records.iter().zip(&fields) {
        let row = common(record).into_iter().map(|value| cell(&value));
        let row = row.chain(names.iter().map(|name| fields.get(*name).map(cell).unwrap_or_default()));
        written = written.and_then(|()| out.write_record(row));
    }
    // a list of bytes takes whatever is written to it
    written.ok().and_then(|()| out.into_inner().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use record::time::Timestamp;

    use super::*;

    fn record(key: &str, data: &Value) -> Record {
        let at = Timestamp::parse("2026-11-21T10:00:00.123456Z").expect("an instant");
        Record {
            key: key.to_owned(),
            data: data.to_string(),
            created_at: at,
            updated_at: at,
            updated_by: "k1".to_owned(),
        }
    }

    #[test]
    fn a_csv_has_the_columns_of_all_its_records() {
        let records = [
            record("a,\"b\"", &json!({"s": "x\ny", "o": {"i": 1, "d": 1.5}, "l": [1, "z"], "n": null})),
            record("c", &json!({"t": true, "e": {}})),
        ];
        let text = String::from_utf8(csv(&records)).expect("UTF-8");
        let at = "2026-11-21T10:00:00.123456Z";
        let expected = format!(
            "id,created_at,updated_at,updated_by,data.l,data.n,data.o.d,data.o.i,data.s,data.t\n\
             \"a,\"\"b\"\"\",{at},{at},k1,\"[1,\"\"z\"\"]\",,1.5,1,\"x\ny\",\n\
             c,{at},{at},k1,,,,,,true\n"
        );
        assert_eq!(text, expected);
        assert_eq!(csv(&[]), b"id,created_at,updated_at,updated_by\n");
    }

    #[test]
    fn flat_json_has_one_value_for_each_name() {
        let flat: Value =
            serde_json::from_slice(&flat_text(&record("k", &json!({"o": {"i": 1}, "l": []})))).expect("JSON");
        assert_eq!(flat["data.o.i"], json!(1));
        assert_eq!(flat["data.l"], json!("[]"));
        assert_eq!(flat["id"], json!("k"));
    }

    #[test]
    fn json_is_one_object_or_a_list() {
        let records = [record("a\"", &json!({"x": "\u{1f980}"})), record("b", &json!({}))];
        let both: Value = serde_json::from_slice(&list(records.iter().map(json_text))).expect("JSON");
        assert_eq!(both[0]["id"], json!("a\""));
        assert_eq!(both[0]["data"], json!({"x": "\u{1f980}"}));
        assert_eq!(both[1]["updated_by"], json!("k1"));
        assert_eq!(list(std::iter::empty()), b"[]");
    }
}
