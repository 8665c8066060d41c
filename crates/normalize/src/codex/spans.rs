//! Codex's spans (seen with 0.169): of some 140 names, most of them functions of the program, those that tell about the agent.
//!
//! | span | tells | counts towards |
//! |---|---|---|
//! | `session_task.turn` | a turn: model, and the turn's tokens in `attributes` | `turn` by turn id |
//! | `codex.exec` | a run of `codex exec` | |
//! | `codex.sampling` | a turn's time with the model, retries included | |
//! | `codex.tool_blocking` | a turn's time waiting for tools | |
//! | `model_client.stream_responses_api` | a request: model, transport, and how long until the stream began | |
//! | `handle_responses`, where it has `gen_ai.usage.…` | the tokens of a response | `api_request` |
//! | a span that is called as its own `tool_name` and has a `call_id` | a tool call | `tool_call` by call id |
//! | `mcp.tools.call` | a call of an MCP server | |
//! | `codex.hooks.command` | a hook that ran | |
//! | `thread/start`, `turn/start` | requests of the client to Codex | |
//! | any that says `gen_ai.operation.name` | what the conventions say | |
//!
//! Every other span is counted by its name in `Output::dropped` and has no row; the raw row keeps it. The log events come again
//! as span events, named as places in Codex's source; they stay in `span.events` of the spans that have a row, and are no rows.
//!
//! `thread.id` comes twice, as the number of an operating system's thread and as the conversation. Spans without a conversation
//! take the one that all other spans of their trace in the request name. One that finds none counts towards nothing: it could
//! not be joined with the logs of its session, and would count again.

use std::collections::HashMap;

use record::dictionary::coding_agent_events as events;
use record::otlp::{ResourceGroup, Span};
use record::rows::Rows;
use record::value::{self, Value};

use crate::Dropped;
use crate::cells::Cells;
use crate::fact::Fact;
use crate::keys::{Held, KeyMap};
use crate::names;
use crate::request::Request;
use crate::span::{self, Dialect};

static KEYS: KeyMap =
    KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, names::IDS, names::OTHERS, names::CODEX, span::SHARED]);

const KEPT: [&str; 9] = [
    "codex.exec",
    "codex.hooks.command",
    "codex.sampling",
    "codex.tool_blocking",
    "mcp.tools.call",
    "model_client.stream_responses_api",
    "session_task.turn",
    "thread/start",
    "turn/start",
];

const RESPONSE: &str = "handle_responses";

pub(crate) fn write(
    groups: &[ResourceGroup<'_, Span<'_>>],
    request: &mut Request<'_>,
    rows: &mut Rows,
    dropped: &mut Dropped,
) {
    let conversations = conversations(groups);
    let mut keeps = |span: &Span<'_>, cells: &Cells<'_, '_>| {
        let keeps = keeps(span, cells);
        if !keeps {
            dropped.count(&span.name);
        }
        keeps
    };
    let tell = |span: &Span<'_>, cells: &mut Cells<'_, '_>, rows: &mut Rows| tell(span, &conversations, cells, rows);
    span::write(groups, &mut Dialect { keys: &KEYS, keeps: &mut keeps, tell: &tell }, request, rows);
}

fn keeps(span: &Span<'_>, cells: &Cells<'_, '_>) -> bool {
    KEPT.contains(&span.name.as_ref())
        || span.name == RESPONSE && cells.held(Held::GrossInput).is_some()
        || is_tool_call(span, cells)
        || cells.held(Held::Operation).is_some()
}

/// `guardian_scoring_observation` and others name a call, too.
fn is_tool_call(span: &Span<'_>, cells: &Cells<'_, '_>) -> bool {
    cells.text(events::TOOL_USE_ID).is_some() && cells.text(events::TOOL_NAME) == Some(span.name.as_ref())
}

fn tell(span: &Span<'_>, conversations: &Conversations<'_>, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let own = cells.text(events::SESSION_ID);
    let Some(conversation) = own.or_else(|| conversations.get(&span.trace_id?).copied().flatten()) else { return };
    rows.text(events::SESSION_ID, conversation);
    if span.name == "session_task.turn" {
        Fact::Turn.write_if_told(cells.text(events::PROMPT_ID), rows);
    } else if span.name == RESPONSE {
        Fact::ApiRequest.write(None, rows);
    } else if is_tool_call(span, cells) {
        Fact::ToolCall.write_if_told(cells.text(events::TOOL_USE_ID), rows);
    }
}

/// By trace; none where its spans name several.
type Conversations<'v> = HashMap<[u8; 16], Option<&'v str>>;

fn conversations<'v>(groups: &'v [ResourceGroup<'_, Span<'_>>]) -> Conversations<'v> {
    let mut conversations = Conversations::new();
    for span in groups.iter().flat_map(|group| &group.scopes).flat_map(|scope| &scope.records) {
        let named = value::get(&span.attributes, "conversation.id").and_then(Value::as_str);
        let (Some(trace_id), Some(named)) = (span.trace_id, named.filter(|named| !named.is_empty())) else { continue };
        conversations
            .entry(trace_id)
            .and_modify(|known| *known = known.filter(|known| *known == named))
            .or_insert(Some(named));
    }
    conversations
}
