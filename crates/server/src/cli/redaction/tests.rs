use serde_json::{Value, json};

use super::{Redactor, scan_lines, tested};

fn scanned(lines: &str) -> Result<Vec<Value>, String> {
    let mut output = Vec::new();
    let done = scan_lines(&Redactor::new(), lines.as_bytes(), &mut output);
    done.map_err(|error| format!("{error:#}"))?;
    let output = String::from_utf8(output).expect("text");
    Ok(output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

#[test]
fn offsets_count_code_points() {
    let line = json!({"id": 7, "text": "é😀 password=Tr0ub4dor-9 ☂", "more": 1}).to_string();
    let answer = scanned(&format!("{line}\n\n")).expect("scanned");
    let [answer] = &answer[..] else { panic!("one line is one answer: {answer:?}") };
    assert_eq!(answer["id"], 7);
    let text: Vec<char> = answer["text"].as_str().expect("text").chars().collect();
    let finding = &answer["findings"][0];
    let at = |key: &str| usize::try_from(finding[key].as_u64().expect("a number")).expect("small");
    assert_eq!(text[at("start")..at("end")].iter().collect::<String>(), "Tr0ub4dor-9");
    assert_eq!((&finding["rule"], answer["findings"].as_array().map(Vec::len)), (&"password".into(), Some(1)));
}

#[test]
fn a_bad_line_is_named_and_not_shown() {
    for bad in
        ["{\"id\":1}", "[]", "{\"id\":1,\"text\":\"hunter22", "{\"id\":1,\"text\":[\"hunter22\"]}", "\"hunter22\""]
    {
        let error = scanned(&format!("{{\"id\":1,\"text\":\"\"}}\n{bad}\n")).expect_err("bad");
        assert!(error.contains("line 2") && !error.contains("hunter22"), "{error}");
    }
}

#[test]
fn a_test_says_what_and_where_and_shows_no_secret() {
    let text = "first\n  é password=Tr0ub4dor-9 and https://u:pq7Zk2mW9xL@h/ end\n";
    let found = tested(&Redactor::new(), text);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&found[0]["rule"], &found[0]["line"], &found[0]["column"]),
        (&"password".into(), &2.into(), &14.into())
    );
    assert_eq!(found[0]["end_column"], 25);
    assert!(found.iter().all(|finding| finding["description"].as_str().is_some_and(|text| !text.is_empty())));
    assert_eq!(found[0]["preview"], "  é password=[REDACTED:password] and https://u:[REDACTED:url_use…");
    let shown = Value::from(found).to_string();
    assert!(!shown.contains("Tr0ub4dor") && !shown.contains("pq7Zk2"), "{shown}");
    assert!(tested(&Redactor::new(), "nothing here").is_empty());
}
