use super::reduced;

#[test]
fn the_first_line_says_what_went_wrong() {
    for (text, kept) in [
        ("Overloaded", None),
        (" http 503 \n", None),
        ("String to replace not found in file.\nString: const key = 7;", Some("String to replace not found in file.")),
        ("Exit code 3\r\ncat: /does/not/exist", Some("Exit code 3")),
        (
            r#"{"type":"response.failed","response":{"output":["said"],"error":{"code":"server_error","message":"no\nsaid"}}}"#,
            Some("server_error: no"),
        ),
        (r#"{"error":{"code":400,"message":"forced","details":["said"]}}"#, Some("400: forced")),
        (r#"{"error":"plain"}"#, Some("plain")),
        (r#"{"error":{"type":"x","message":"{\"said\":1}"}}"#, Some("x")),
        (r#"{"said":"so"}"#, Some("")),
        ("{torn", Some("")),
        (r#"["said"]"#, Some("")),
        ("", None),
    ] {
        let reduced = reduced(text);
        assert_eq!(reduced.as_deref(), kept, "{text}");
        let again = reduced.as_deref().and_then(super::reduced);
        assert_eq!(again, None, "reduced twice: {text}");
    }
}
