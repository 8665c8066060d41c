use super::*;

fn kept(text: &str) -> String {
    let (head, rest) = text.as_bytes().split_at(text.len() / 3);
    String::from_utf8(small_values(head, rest)).unwrap()
}

#[test]
fn what_is_small_stays_wherever_it_stands() {
    let large = "x".repeat(SMALL_BYTES + 1);
    let text = format!(
        r#"{{"session_id":"s","tool_response":{{"stdout":"{large}","a":[1,{{}}]}},"prompt":"{large}","n":7,"d":0.5,"b":true,
            "nothing":null,"list":["x"],"tool_use_id":"t"}}"#
    );
    let expected =
        r#"{"session_id":"s","n":7,"d":0.5,"b":true,"nothing":null,"tool_use_id":"t","hook_input_cut":true}"#;
    assert_eq!(kept(&text), expected);
}

#[test]
fn a_mistake_ends_it() {
    assert_eq!(
        kept(r#"{"session_id":"s","cwd":"/a","x":!}"#),
        r#"{"session_id":"s","cwd":"/a","hook_input_cut":true}"#
    );
    assert_eq!(kept(r#"{"session_id":"s","cwd":"/a"#), r#"{"session_id":"s","hook_input_cut":true}"#);
    assert_eq!(kept("[1,2,3]"), r#"{"hook_input_cut":true}"#);
}

#[test]
fn all_is_read_so_that_the_agent_can_finish_writing() {
    let mut rest: &[u8] = &vec![b'!'; 300_000];
    small_values(b"{", &mut rest);
    assert_eq!(rest.len(), 0);
}

#[test]
fn the_number_of_values_is_bounded() {
    let text: Vec<String> = (0..VALUES * 2).map(|n| format!("\"k{n}\":{n}")).collect();
    let kept = kept(&format!("{{{}}}", text.join(",")));
    assert_eq!(kept.matches(':').count(), VALUES + 1);
}
