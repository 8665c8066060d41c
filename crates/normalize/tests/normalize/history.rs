//! Records of imported sessions, as rows.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use normalize::{Output, normalize};
use record::arrival::Payload;
use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::source::{Provider, Signal};
use record::value::Value;

use crate::{show, support};

/// What `modlake import` makes of the session files beside it.
fn records(name: &str) -> Vec<Value<'static>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/history/{name}.records.ndjson"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| support::plain(&serde_json::from_str(line).expect("JSON"))).collect()
}

fn rows(provider: Provider, records: Vec<Value<'_>>) -> Rows {
    let mut out = Output::default();
    normalize(&support::envelope(provider, Signal::History), Some(&Payload::Hooks(records)), &mut out);
    out.events
}

#[test]
fn sessions_of_claude_code() {
    insta::assert_snapshot!(show::lines(&rows(Provider::ClaudeCode, records("claude_code/captured"))));
}

#[test]
fn sessions_of_codex() {
    insta::assert_snapshot!(show::lines(&rows(Provider::Codex, records("codex/captured"))));
}

#[test]
fn everything_a_record_says_has_a_column() {
    for (provider, name) in [(Provider::ClaudeCode, "claude_code/captured"), (Provider::Codex, "codex/captured")] {
        let rows = rows(provider, records(name));
        for row in 0..rows.len() {
            let attributes = rows.get_text(row, events::ATTRIBUTES).expect("attributes");
            let attributes: BTreeMap<String, serde_json::Value> = serde_json::from_str(attributes).expect("JSON");
            assert_eq!(attributes.keys().collect::<Vec<_>>(), ["event_id"]);
        }
    }
}

#[test]
fn a_record_is_known_again_in_another_session_order_and_request() {
    let mut first = records("claude_code/captured");
    let count = first.len();
    let ids = |rows: Rows| {
        let ids: HashMap<String, String> = (0..rows.len())
            .map(|row| {
                let name = rows.get_text(row, events::EVENT_NAME).expect("a name");
                let attributes = rows.get_text(row, events::ATTRIBUTES).expect("attributes");
                (format!("{name} {attributes}"), rows.get_text(row, events::EVENT_ID).expect("an id").to_owned())
            })
            .collect();
        let (_, identities) = rows.into_columns();
        assert!(identities.iter().all(Option::is_some));
        ids
    };
    let before = ids(rows(Provider::ClaudeCode, first.clone()));
    assert_eq!(before.len(), count);
    first.reverse();
    for record in &mut first {
        let Value::Map(entries) = record else { panic!("a record is an object") };
        for (key, value) in entries {
            if key == "session_id" {
                *value = Value::text("another");
            }
        }
    }
    assert_eq!(ids(rows(Provider::ClaudeCode, first)), before);
}

#[test]
fn a_record_that_says_little_is_a_row_all_the_same() {
    let odd =
        r#"[{"record":"api_request"},{"record":"of_tomorrow","event_id":"x","some":{"deep":1}},7,{"event_id":""}]"#;
    let Value::List(odd) = support::plain(&serde_json::from_str(odd).expect("JSON")) else { panic!("a list") };
    let rows = rows(Provider::ClaudeCode, odd);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows.get_text(0, events::FACT), Some("api_request"));
    assert_eq!((rows.get_text(0, events::FACT_ID), rows.get_text(1, events::FACT)), (None, None));
}
