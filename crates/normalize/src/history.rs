//! Records of imported session files: flat JSON objects, one for each fact, as `modlake import` makes them of what an agent
//! wrote on the laptop.
//!
//! | `record` | fact | `fact_id` |
//! |---|---|---|
//! | `user_prompt` | `turn` | `prompt_id` |
//! | `api_request` | `api_request` | Codex: `event_id`; others: `request_id`, none where the file has none |
//! | `tool_result` | `tool_call` | `tool_use_id` |
//! | `skill_activated` | `skill_use` | `event_id` |
//! | `session_start` | | |
//!
//! The ids of turns, requests and calls are those that live telemetry of the same session declares. An `event_id` is made of ids
//! that the session's file holds, so that it is the same in every import, and it names the fact wherever it was read: agents
//! copy the beginning of a session into the files of sessions that go on from it. It is therefore not scoped by session.

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::source::Provider;
use record::time::Timestamp;
use record::value::{Attribute, Value};

use crate::cells::Cells;
use crate::event_time;
use crate::fact::Fact;
use crate::identity::Declared;
use crate::keys::{Held, Key, KeyMap, content_to, held, to};
use crate::level::Level;
use crate::request::Request;

static KEYS: KeyMap = KeyMap::new(&[RECORD]);

const RECORD: &[Key] = &[
    ("record", to(events::EVENT_NAME, 0)),
    ("event_id", held(Held::DeclaredId, 0)),
    ("timestamp", held(Held::EventTimestamp, 0)),
    ("session_id", to(events::SESSION_ID, 0)),
    ("cwd", to(events::CWD, 0)),
    ("repo", to(events::REPO, 0)),
    ("branch", to(events::BRANCH, 0)),
    ("commit_sha", to(events::COMMIT_SHA, 0)),
    ("agent_version", to(events::AGENT_VERSION, 0)),
    ("agent_id", to(events::AGENT_ID, 0)),
    ("model", to(events::MODEL, 0)),
    ("prompt_id", to(events::PROMPT_ID, 0)),
    ("prompt_length", to(events::PROMPT_LENGTH, 0)),
    ("prompt", content_to(events::PROMPT_TEXT, 0)),
    ("request_id", to(events::REQUEST_ID, 0)),
    ("message_id", to(events::MESSAGE_ID, 0)),
    ("input_tokens", to(events::INPUT_TOKENS, 0)),
    ("output_tokens", to(events::OUTPUT_TOKENS, 0)),
    ("cache_read_tokens", to(events::CACHE_READ_TOKENS, 0)),
    ("cache_creation_tokens", to(events::CACHE_CREATION_TOKENS, 0)),
    ("reasoning_tokens", to(events::REASONING_TOKENS, 0)),
    ("cost_usd", to(events::COST_USD, 0)),
    ("status_code", to(events::STATUS_CODE, 0)),
    ("tool_name", to(events::TOOL_NAME, 0)),
    ("tool_use_id", to(events::TOOL_USE_ID, 0)),
    ("mcp_server", to(events::MCP_SERVER, 0)),
    ("mcp_tool_name", to(events::MCP_TOOL, 0)),
    ("command", to(events::COMMAND, 0)),
    ("success", to(events::SUCCESS, 0)),
    ("duration_ms", to(events::DURATION_MS, 0)),
    ("exit_code", to(events::EXIT_CODE, 0)),
    ("error_type", to(events::ERROR_TYPE, 0)),
    ("skill_name", to(events::SKILL_NAME, 0)),
    ("invocation_trigger", to(events::SKILL_TRIGGER, 0)),
    ("user_id", to(events::USER_ID, 0)),
    ("user_email", to(events::USER_EMAIL, 0)),
];

pub(crate) fn write(records: &[Value<'_>], request: &mut Request<'_>, rows: &mut Rows) {
    let mut cells = Cells::new();
    for record in records {
        let attributes: &[Attribute<'_>] = record.as_map().map_or(&[], Vec::as_slice);
        cells.read(attributes, &KEYS);
        write_record(record, &mut cells, request, rows);
    }
}

fn write_record<'v, 'a>(record: &'v Value<'a>, cells: &mut Cells<'v, 'a>, request: &mut Request<'_>, rows: &mut Rows) {
    request.begin(rows);
    let claimed = cells.held_text(Held::EventTimestamp).and_then(Timestamp::parse);
    let disbelieved = event_time::write(claimed, request.envelope.received_at, rows);
    if claimed.is_none() {
        cells.keep(Held::EventTimestamp);
    }
    cells.write_own(rows);
    let nothing = Level::default();
    cells.inherit([&nothing, &nothing], rows);

    let name = cells.text(events::EVENT_NAME).unwrap_or_default();
    let id = cells.held_text(Held::DeclaredId);
    write_fact(name, id, request.envelope.provider, cells, rows);
    cells.keep(Held::DeclaredId);
    cells.write_attributes([&nothing, &nothing], rows, |more| {
        if record.as_map().is_none() {
            more.value("payload", record);
        }
        if let Some(original) = disbelieved {
            more.text(event_time::ORIGINAL, &original.to_rfc3339());
        }
    });
    request.end(id.map(|id| Declared::History { name, id }), rows);
}

/// What a record of this name counts towards.
fn write_fact(name: &str, event_id: Option<&str>, provider: Provider, cells: &Cells<'_, '_>, rows: &mut Rows) {
    match name {
        "user_prompt" => Fact::Turn.write(cells.text(events::PROMPT_ID), rows),
        "api_request" if provider == Provider::Codex => Fact::ApiRequest.write(event_id, rows),
        "api_request" => Fact::ApiRequest.write(cells.text(events::REQUEST_ID), rows),
        "tool_result" => Fact::ToolCall.write(cells.text(events::TOOL_USE_ID), rows),
        "skill_activated" => Fact::SkillUse.write(event_id, rows),
        _ => {}
    }
}
