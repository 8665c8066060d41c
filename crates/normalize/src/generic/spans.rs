//! Spans of any tool, read by the usual names and those of OpenTelemetry's `gen_ai` conventions.
//!
//! A tool call goes by `gen_ai.tool.call.id`, a model request by `gen_ai.response.id`, so that a framework's span around a
//! library's is the same request; without one by the span's id. An agent's span is a turn where no span is above it: agents
//! call agents.

use record::dictionary::coding_agent_events as events;
use record::json;
use record::otlp::{ResourceGroup, Span};
use record::rows::Rows;

use crate::cells::Cells;
use crate::fact::Fact;
use crate::generic::Operation;
use crate::keys::KeyMap;
use crate::names;
use crate::request::Request;
use crate::span::{self, Dialect};

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, names::IDS, names::OTHERS, span::SHARED]);

pub(crate) fn write(groups: &[ResourceGroup<'_, Span<'_>>], request: &mut Request<'_>, rows: &mut Rows) {
    let mut dialect = Dialect { keys: &KEYS, keeps: &mut |_, _| true, tell: &tell };
    span::write(groups, &mut dialect, request, rows);
}

fn tell(span: &Span<'_>, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let (fact, id) = match Operation::of(cells) {
        Some(Operation::Inference) => (Fact::ApiRequest, cells.text(events::REQUEST_ID)),
        Some(Operation::Tool) => (Fact::ToolCall, cells.text(events::TOOL_USE_ID)),
        Some(Operation::Agent) if span.parent_span_id.is_none() => (Fact::Turn, None),
        _ => return,
    };
    fact.write(id, rows);
    if let Some(span_id) = span.span_id {
        rows.text_with(events::FACT_ID, |out| json::write_hex(&span_id, out));
    }
}
