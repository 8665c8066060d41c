//! Codex's log records (seen with 0.169).
//!
//! The name is the attribute `event.name` (`codex.user_prompt`); there is no body, the field `event_name` is a place in Codex's
//! source, the field `time_unix_nano` is 0. Numbers come as text in some attributes and as such in others.
//!
//! - A conversation is a session: `conversation.id`. A sub-agent has one of its own; of all its records only `tool_result` says so,
//!   by an `agent_name` that is not `/root`.
//! - `sse_event` comes twice with `event.kind` = `response.completed`: the first with its duration, the second with the tokens or,
//!   where the stream broke, the error. `tool_token_count` is the sum of input and output.
//! - `api_request` comes for each attempt. Only those that failed are requests of their own: a successful one has its `sse_event`.
//! - `tool_result.success` is true for a command that ran and failed. Its exit code, which the sanitizer reads from `output`,
//!   makes it false; what was sent stays in `attributes`.
//! - An MCP tool is named without its server; it is called here as the hooks call it, `mcp__server__tool`.
//! - There is a stray record without attributes at the end of a process: a row that tells nothing.

use record::dictionary::coding_agent_events as events;
use record::otlp::{LogRecord, ResourceGroup};
use record::rows::Rows;
use record::value::Value;

use crate::cells::Cells;
use crate::fact::Fact;
use crate::identity::Declared;
use crate::keys::{Held, Key, KeyMap, held, to};
use crate::log::{self, Dialect, Event};
use crate::request::Request;
use crate::{names, tool_call};

static KEYS: KeyMap =
    KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, names::IDS, names::OTHERS, names::CODEX, OWN]);

const OWN: &[Key] = &[
    ("event.name", held(Held::EventName, 0)),
    ("event.kind", held(Held::EventKind, 0)),
    ("agent_name", held(Held::AgentName, 0)),
    ("tool_namespace", held(Held::ToolNamespace, 0)),
    ("auth.request_id", to(events::REQUEST_ID, 3)),
];

const DIALECT: Dialect = Dialect { keys: &KEYS, prefix: "codex.", name: |_| None, tell, declared };

pub(crate) fn write(groups: &[ResourceGroup<'_, LogRecord<'_>>], request: &mut Request<'_>, rows: &mut Rows) {
    log::write(groups, &DIALECT, request, rows);
}

fn tell(event: &Event<'_, '_>, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    match event.name {
        Some("user_prompt") => Fact::Turn.write(None, rows),
        Some("sse_event") => sse_event(cells, rows),
        Some("api_request" | "websocket_request") => api_request(cells, rows),
        Some("turn_ttft") => {
            if let Some(ttft) = cells.column(events::DURATION_MS) {
                rows.value(events::TTFT_MS, ttft);
            }
        }
        Some("tool_result") => {
            Fact::ToolCall.write(cells.text(events::TOOL_USE_ID), rows);
            tool_call::fail_by_exit_code(cells, rows);
            agent(cells, rows);
            mcp_tool(cells, rows);
        }
        Some("tool_decision") => {
            Fact::ToolCall.write_if_told(cells.text(events::TOOL_USE_ID), rows);
            mcp_tool(cells, rows);
        }
        Some("skill_invocation") => Fact::SkillUse.write(None, rows),
        _ => {}
    }
}

/// The last word on a response: what it used, or why it broke off.
fn sse_event(cells: &Cells<'_, '_>, rows: &mut Rows) {
    if cells.held_text(Held::EventKind) != Some("response.completed") {
        return;
    }
    let failed = cells.column(events::ERROR_MESSAGE).is_some();
    if failed || cells.held(Held::GrossInput).is_some() {
        Fact::ApiRequest.write(None, rows);
        rows.bool(events::SUCCESS, !failed);
    }
}

fn api_request(cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let status = cells.column(events::STATUS_CODE).and_then(Value::to_int);
    let own = cells.column(events::SUCCESS).and_then(Value::to_bool);
    let failed = status.is_some_and(|status| status >= 400) || cells.column(events::ERROR_MESSAGE).is_some();
    if failed || own == Some(false) {
        Fact::ApiRequest.write(None, rows);
        rows.bool(events::SUCCESS, false);
    } else if own.is_none() && status.is_some() {
        rows.bool(events::SUCCESS, true);
    }
}

/// A sub-agent's id is that of its conversation, as the hooks have it.
fn agent(cells: &Cells<'_, '_>, rows: &mut Rows) {
    let name = cells.held_text(Held::AgentName).filter(|name| *name != "/root");
    if let (Some(_), Some(conversation)) = (name, cells.column(events::SESSION_ID)) {
        rows.value(events::AGENT_ID, conversation);
    }
}

fn mcp_tool(cells: &Cells<'_, '_>, rows: &mut Rows) {
    let namespace = cells.held_text(Held::ToolNamespace).filter(|namespace| namespace.starts_with("mcp__"));
    let (Some(namespace), Some(tool)) = (namespace, cells.text(events::TOOL_NAME)) else { return };
    rows.text_with(events::TOOL_NAME, |out| {
        for part in [namespace, "__", tool] {
            out.extend_from_slice(part.as_bytes());
        }
    });
    rows.text(events::MCP_TOOL, tool);
    if let Some(server) = namespace.strip_prefix("mcp__") {
        rows.text(events::MCP_SERVER, server);
    }
}

fn declared<'v>(event: &Event<'v, '_>, cells: &Cells<'v, '_>) -> Option<Declared<'v>> {
    Some(Declared::LogObserved {
        session: cells.text(events::SESSION_ID)?,
        timestamp: event.timestamp?,
        observed_unix_nano: Some(event.record.observed_time_unix_nano).filter(|nanos| *nanos != 0)?,
        name: event.name?,
        kind: cells.held_text(Held::EventKind).unwrap_or_default(),
        call: cells.text(events::TOOL_USE_ID).unwrap_or_default(),
    })
}
