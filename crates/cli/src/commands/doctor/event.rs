//! The test event: an OTLP `ExportLogsServiceRequest` in JSON, and what the answer to it says.

use record::time::Clock;
use serde_json::{Value, json};
use uuid::Uuid;

/// A session that no other run has.
pub(super) fn session_id() -> String {
    format!("modlake-doctor-{}", Uuid::now_v7())
}

/// One log record with the attributes that name a Claude Code event.
pub(super) fn export_request(session: &str) -> Value {
    let now = Clock::System.now();
    let nanos = format!("{}000", now.0);
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    json!({"resourceLogs": [{
        "resource": {"attributes": [
            text("service.name", "modlake-doctor"),
            text("service.version", env!("CARGO_PKG_VERSION")),
        ]},
        "scopeLogs": [{
            "scope": {"name": "modlake.doctor"},
            "logRecords": [{
                "timeUnixNano": nanos,
                "observedTimeUnixNano": nanos,
                "body": {"stringValue": "claude_code.modlake_doctor"},
                "attributes": [
                    text("event.name", "modlake_doctor"),
                    text("event.timestamp", &now.to_rfc3339()),
                    text("session.id", session),
                ],
            }],
        }],
    }]})
}

/// Why the record was not taken, when the answer is a partial success (OTLP specification 1.11, "Partial Success").
pub(super) fn rejection(answer: &Value) -> Option<String> {
    let partial = answer.get("partialSuccess")?;
    // Protobuf's JSON writes 64-bit integers as text; some servers write them as numbers.
    let rejected = match partial.get("rejectedLogRecords")? {
        Value::String(text) => text.parse().unwrap_or(0),
        number => number.as_i64().unwrap_or(0),
    };
    let reason = partial.get("errorMessage").and_then(Value::as_str).unwrap_or("no reason given");
    (rejected != 0).then(|| reason.to_owned())
}

#[cfg(test)]
mod tests;
