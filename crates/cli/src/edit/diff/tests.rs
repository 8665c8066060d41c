use super::*;

#[test]
fn secrets_of_both_formats_are_masked() {
    for (text, masked) in [
        (
            r#"{"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer K"}"#,
            r#"{"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer ***"}"#,
        ),
        (r#"{"OTEL_EXPORTER_OTLP_HEADERS":"x-team=K","A":"b"}"#, r#"{"OTEL_EXPORTER_OTLP_HEADERS":"***","A":"b"}"#),
        (r#"{"ANTHROPIC_API_KEY" : "K\"K", "model": "x"}"#, r#"{"ANTHROPIC_API_KEY" : "***", "model": "x"}"#),
        (
            r#"headers = { "authorization" = "Bearer K", x-key = 'K' }"#,
            r#"headers = { "authorization" = "Bearer ***", x-key = '***' }"#,
        ),
        ("api_token = \"K\" # mine\nmodel = \"x\"\n", "api_token = \"***\" # mine\nmodel = \"x\"\n"),
        ("secrets = [\"K\", \"K\"]\nmodel = 'x'", "secrets = [\"***\", \"***\"]\nmodel = 'x'"),
        (
            "{\"command\": \"curl -H 'Authorization: Bearer K'\"}",
            "{\"command\": \"curl -H 'Authorization: Bearer ***\"}",
        ),
    ] {
        assert_eq!(mask(text), masked);
    }
}

#[test]
fn a_text_without_secrets_is_as_it_was() {
    let text = "{\n  // don't\n  \"model\": \"x\", \"n\": [1, true],\n  \"open\": \"end\n}\n";
    assert_eq!(mask(text), text);
}

#[test]
fn a_difference_in_a_key_alone_is_told_without_it() {
    let path = Path::new("/home/ann/x.json");
    let told = unified(path, Some("{\"K_TOKEN\": \"old\"}"), Some("{\"K_TOKEN\": \"new\"}"));
    assert!(told.contains("# the key changes") && !told.contains("old\"") && !told.contains("new"), "{told}");
    let made = unified(path, None, Some("{}\n"));
    assert_eq!(made, "--- /dev/null\n+++ /home/ann/x.json\n@@ -0,0 +1 @@\n+{}\n");
}
