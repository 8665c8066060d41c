//! Tokens, counted alike for all providers: `input_tokens` without those read from or written to the cache, `output_tokens`
//! with those spent on reasoning. So input, cache reads, cache writes and output add up to the total.
//!
//! | who | input as sent | output as sent |
//! |---|---|---|
//! | Claude Code (`input_tokens`, `output_tokens`) | without the cache | with reasoning |
//! | Codex (`input_token_count`, `gen_ai.usage.…`) | with the cache: `tool_token_count`, its total, is input and output | with reasoning |
//! | Cursor's hooks (`input_tokens`) | with the cache: in samples it is 2 more than reads and writes together | with reasoning, as far as is known |
//! | Gemini CLI (`input_token_count`, `output_token_count`) | with the cache | without `thoughts_token_count`: its total adds them |
//! | `gen_ai.usage.…` of the semantic conventions | with the cache: "this value SHOULD be included in `gen_ai.usage.input_tokens`" | with reasoning |

use record::dictionary::{Column, coding_agent_events as events};
use record::rows::Rows;
use record::value::Value;

use crate::cells::Cells;
use crate::keys::Held;

/// Sets `input_tokens` and `output_tokens` from what is counted otherwise, where nothing else has set them.
pub(crate) fn write(cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    if let Some(gross) = number(cells.held(Held::GrossInput)) {
        let [read, written] =
            [events::CACHE_READ_TOKENS, events::CACHE_CREATION_TOKENS].map(|column| count(cells, column));
        if rows.is_unset(events::INPUT_TOKENS) {
            rows.int(events::INPUT_TOKENS, without_cache(gross, read, written));
        } else {
            cells.keep(Held::GrossInput);
        }
    }
    if let Some(net) = number(cells.held(Held::NetOutput)) {
        if rows.is_unset(events::OUTPUT_TOKENS) {
            rows.int(events::OUTPUT_TOKENS, net.saturating_add(count(cells, events::REASONING_TOKENS)));
        } else {
            cells.keep(Held::NetOutput);
        }
    }
}

/// More from the cache than in all: the sender does not count it among the input.
fn without_cache(gross: i64, read: i64, written: i64) -> i64 {
    gross.checked_sub(read.saturating_add(written)).filter(|left| *left >= 0).unwrap_or(gross)
}

fn count(cells: &Cells<'_, '_>, column: Column) -> i64 {
    number(cells.column(column)).unwrap_or(0).max(0)
}

fn number(value: Option<&Value<'_>>) -> Option<i64> {
    value.and_then(Value::to_int)
}
