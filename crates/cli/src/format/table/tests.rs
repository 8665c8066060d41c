use super::*;

fn drawn(answer: &str) -> String {
    draw(&serde_json::from_str(answer).unwrap())
}

#[test]
fn columns_keep_the_order_of_the_query_and_numbers_stand_right() {
    let answer = r#"{
        "columns": [{"name": "tool", "type": "Utf8"}, {"name": "n", "type": "Int64"}],
        "rows": [{"n": 5, "tool": "Bash"}, {"n": 12345678901234567890, "tool": null}, {"tool": "größe"}]
    }"#;
    let expected = "\
┌───────┬──────────────────────┐
│ tool  ┆ n                    │
╞═══════╪══════════════════════╡
│ Bash  ┆                    5 │
│ NULL  ┆ 12345678901234567890 │
│ größe ┆ NULL                 │
└───────┴──────────────────────┘";
    assert_eq!(drawn(answer), expected);
}

#[test]
fn values_of_every_kind_stay_on_their_line_and_cannot_steer_the_terminal() {
    let answer = r#"{
        "columns": [{"name": "x\u001b]0;title\u0007", "type": "Utf8"}],
        "rows": [{"x\u001b]0;title\u0007": "a\nb\u001b[2J"}, {"x\u001b]0;title\u0007": [1, {"k": "v"}]}, {"x\u001b]0;title\u0007": true}]
    }"#;
    let text = drawn(answer);
    assert_eq!(text.lines().count(), 7, "{text}");
    assert!(!text.contains('\x1b') && !text.contains('\x07'), "{text}");
    for shown in [r"a\nb\u{1b}[2J", r#"[1,{"k":"v"}]"#, "true"] {
        assert!(text.contains(shown), "{text}");
    }
}

#[test]
fn no_rows_are_a_header() {
    assert!(drawn(r#"{"columns": [{"name": "n", "type": "Int64"}], "rows": []}"#).contains(" n "));
}
