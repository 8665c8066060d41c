use record::value::{Attribute, Value};

use super::of;

fn of_text(key: &'static str, text: &'static str) -> Option<i64> {
    of(&[(key.into(), Value::text(text))])
}

#[test]
fn what_agents_write_is_read() {
    let header =
        "Chunk ID: 1f0f96\nWall time: 0.0000 seconds\nProcess exited with code 3\nOriginal token count: 12\nOutput:\n";
    for (key, text, code) in [
        ("output", header, 3),
        ("output", "Wall time: 2.8 seconds\r\nProcess exited with code 0\r\nOutput:\r\n", 0),
        ("output", "Exit code: 1\nWall time: 0 seconds\nOutput:\nx", 1),
        ("tool_response", "Exit code: 0", 0),
        ("error", "Exit code 3\ncat: /does/not/exist: No such file or directory", 3),
        ("error", "Exit code -1073741510", -1_073_741_510),
        ("tool_output", r#"{"exitCode":127,"stdout":""}"#, 127),
        ("metadata", "{\n  \"exitCode\": 3,\n  \"isError\": true\n}", 3),
    ] {
        assert_eq!(of_text(key, text), Some(code), "{text}");
    }
    let map = Value::Map(vec![("exit_code".into(), Value::Int(2))]);
    assert_eq!(of(&[("tool_response".into(), map)]), Some(2));
}

#[test]
fn what_a_command_prints_is_not() {
    for (key, text) in [
        (
            "output",
            "Chunk ID: 1\nWall time: 0\nProcess running with session ID 5\nOutput:\nProcess exited with code 9\n",
        ),
        ("output", "Wall time: 0.0026 seconds\nOutput:\nProcess exited with code 9"),
        ("tool_response", "hi\nExit code: 9"),
        ("error", "Exit codes are listed below"),
        ("error", "Exit code 3 of 4"),
        ("output", "Exit code: 99999999999"),
        ("tool_output", r#"{"stdout":"exitCode"}"#),
        ("tool_output", "{torn exitCode"),
        ("prompt", "Exit code: 9"),
        ("output", ""),
    ] {
        assert_eq!(of_text(key, text), None, "{text}");
    }
    let told: [Attribute<'_>; 2] =
        [("output".into(), Value::text("Exit code: 1")), ("exit_code".into(), Value::text("0"))];
    assert_eq!(of(&told), None, "the agent has its own");
}
