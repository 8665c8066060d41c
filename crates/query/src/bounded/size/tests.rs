use std::sync::Arc;

use arrow::array::{
    Int64Array, ListArray, MapBuilder, MapFieldNames, StringArray, StringBuilder, StringViewArray, StructArray,
};
use arrow::datatypes::{Field, Int32Type};
use datafusion::common::ScalarValue;
use datafusion::common::config::ConfigOptions;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ReturnFieldArgs, ScalarFunctionArgs};
use datafusion::prelude::SessionContext;

use super::*;

fn texts(values: &[&str]) -> ColumnarValue {
    ColumnarValue::Array(Arc::new(StringArray::from(values.to_vec())))
}

fn text(value: &str) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::from(value))
}

fn numbers(values: &[i64]) -> ColumnarValue {
    ColumnarValue::Array(Arc::new(Int64Array::from(values.to_vec())))
}

/// A row with the keys `k`, of this value, and `l`, one with `k` alone, and one with none.
fn map(value: &str) -> ColumnarValue {
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut map = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for keys in [&["k", "l"][..], &["k"], &[]] {
        for key in keys {
            map.keys().append_value(key);
            map.values().append_value(value);
        }
        map.append(true).expect("as many keys as values");
    }
    ColumnarValue::Array(Arc::new(map.finish()))
}

/// What `function` says that it makes at most, and what it makes.
fn asked_and_made(function: &str, args: Vec<ColumnarValue>) -> (usize, usize) {
    let mut state = SessionContext::new().state();
    crate::json::register(&mut state).expect("registers");
    let udf = state.udf(function).expect(function);
    let rows =
        args.iter().map(|arg| if let ColumnarValue::Array(array) = arg { array.len() } else { 1 }).max().expect("some");
    let fields: Vec<_> = args.iter().map(|arg| Arc::new(Field::new("a", arg.data_type(), true))).collect();
    let scalars: Vec<_> =
        args.iter().map(|arg| if let ColumnarValue::Scalar(value) = arg { Some(value) } else { None }).collect();
    let return_field = udf
        .return_field_from_args(ReturnFieldArgs { arg_fields: &fields, scalar_arguments: &scalars })
        .expect(function);
    let most = most_bytes(function, &Given::of_all(&args).expect("arrays"), rows);
    let args = ScalarFunctionArgs {
        args,
        arg_fields: fields,
        number_rows: rows,
        return_field,
        config_options: Arc::new(ConfigOptions::default()),
    };
    let made = udf.invoke_with_args(args).expect(function).into_array(rows).expect("an array");
    (most, logical(&made))
}

#[test]
fn no_function_makes_more_than_was_asked_for() {
    let long = "ä".repeat(3_000);
    let date = ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(Some(1_767_297_600_000_000), None));
    let doubles = Arc::new(arrow::array::Float64Array::from(vec![1e300, 5e-324, -1.0 / 3.0]));
    let list = arrow::array::FixedSizeListArray::try_new(
        Arc::new(Field::new("item", DataType::Float64, true)),
        3,
        doubles,
        None,
    );
    let list = cast(&list.expect("a list"), &DataType::new_list(DataType::Float64, true)).expect("a list");
    let escaped = format!(r#"{{"a":"{}"}}"#, r"\u00e4\n".repeat(3_000));
    let items = format!("[1{}]", ",1".repeat(3_000));
    let keys = format!(r#"{{"":0{}}}"#, r#","":0"#.repeat(3_000));
    for (function, args) in [
        ("replace", vec![texts(&["aaaa", "", "b"]), text("a"), text(&long)]),
        ("replace", vec![texts(&["aaaa", "äöü", ""]), text(""), text(&long)]),
        ("regexp_replace", vec![texts(&["aaaa", "ä", ""]), text(""), text(&long), text("g")]),
        ("regexp_replace", vec![texts(&[&long, "b"]), text("(.*)"), text("\\1\\1\\1\\1")]),
        ("repeat", vec![texts(&["ab", "c"]), numbers(&[1_000, -5])]),
        ("lpad", vec![texts(&["ab", "c"]), numbers(&[1_000, 7]), text("🦀")]),
        ("rpad", vec![texts(&["ab", "c"]), numbers(&[1_000, 7]), text("e\u{301}\u{302}\u{303}\u{304}")]),
        ("concat", vec![texts(&[&long, "c"]), text(&long), text("x")]),
        ("concat_ws", vec![text(&long), texts(&["a", ""]), text("b"), text("c")]),
        ("array_to_string", vec![ColumnarValue::Array(list), text(&long), text("-")]),
        ("to_char", vec![date, text("%c%c%A%B")]),
        ("translate", vec![texts(&["aaaa", "b"]), text("a"), text("🦀")]),
        ("overlay", vec![texts(&["aaaa", "b"]), text(&long), numbers(&[1, 1])]),
        ("upper", vec![texts(&["ßßßß", "ŉŉŉŉ", "ΐ"])]),
        ("initcap", vec![texts(&["ßa ßa", "ŉŉ"])]),
        ("sha512", vec![texts(&["", "a"])]),
        ("md5", vec![texts(&["", "a"])]),
        ("to_hex", vec![numbers(&[-1, 1])]),
        ("chr", vec![numbers(&[0x1f980, 65])]),
        ("reverse", vec![texts(&[&long, "a"])]),
        ("string_to_array", vec![texts(&["abcdefgh", ""]), ColumnarValue::Scalar(ScalarValue::Utf8(None))]),
        ("make_array", vec![texts(&[&long, "a"]), texts(&[&long, "a"])]),
        ("get_field", vec![map(&long), text("k")]),
        ("map_extract", vec![map(&long), text("k")]),
        ("map_keys", vec![map(&long)]),
        ("map_values", vec![map(&long)]),
        ("map_entries", vec![map(&long)]),
        ("json_as_text", vec![texts(&[&escaped, &items]), text("a")]),
        ("json_get_str", vec![texts(&[&escaped, &items]), text("a")]),
        ("json_get_json", vec![texts(&[&escaped, &items])]),
        ("json_get_array", vec![texts(&[&items, "[]"])]),
        ("json_object_keys", vec![texts(&[&keys, &keys])]),
    ] {
        let (most, made) = asked_and_made(function, args);
        assert!(made <= most, "{function} made {made} bytes and said {most}");
    }
}

#[test]
fn the_longest_of_maps_is_found() {
    let ColumnarValue::Array(maps) = map(&"x".repeat(100)) else { panic!("an array") };
    // two entries: keys and values with their offsets, whether each is null, and where they begin
    assert_eq!(longest_value(&maps, true), 2 * (1 + 4 + 1) + 2 * (100 + 4 + 1) + 4);
    assert_eq!(longest_value(&maps.slice(1, 2), true), (1 + 4 + 1) + (100 + 4 + 1) + 4);
    assert_eq!(longest_value(&maps.slice(2, 1), true), 0);
}

#[test]
fn values_are_counted_as_if_nothing_was_shared() {
    let long = "x".repeat(100);
    let views: ArrayRef = Arc::new(StringViewArray::from(vec![long.as_str(); 50]));
    assert_eq!(logical(&views), 50 * (100 + 16));
    let sliced = views.slice(10, 5);
    assert_eq!(logical(&sliced), 5 * (100 + 16));
    let utf8: ArrayRef = Arc::new(StringArray::from(vec![long.as_str(); 50]));
    assert_eq!(logical(&utf8.slice(1, 2)), 2 * (100 + 4));
    let list: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), Some(2)]), None]));
    assert_eq!(logical(&list), 2 * 4 + 2 * 4);
    assert_eq!(logical(&list.slice(1, 1)), 4);
    let structs: ArrayRef = Arc::new(StructArray::from(vec![(Arc::new(Field::new("a", DataType::Utf8, true)), utf8)]));
    assert_eq!(logical(&structs), 50 * (100 + 4) + 50);
    let dictionary =
        cast(&views, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))).expect("packs");
    assert!(logical(&dictionary) >= 50 * 100);
}
