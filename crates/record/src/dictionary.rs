//! Every table and column, once. Arrow schemas, DDL, reference pages and the dashboard's labels are made from this.

/// How a column's values are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// 64-bit signed.
    Int,
    Double,
    Bool,
    /// Microseconds UTC.
    Timestamp,
    /// Text that is one JSON object.
    Json,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "bigint",
            Self::Double => "double",
            Self::Bool => "boolean",
            Self::Timestamp => "timestamp",
            Self::Json => "text (JSON)",
        }
    }
}

/// A column and its place in its table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub index: usize,
    pub name: &'static str,
    pub kind: Kind,
    pub doc: &'static str,
}

/// A table of the lake. The partition columns come on top of `columns`.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub doc: &'static str,
    pub columns: &'static [Column],
    /// Whose day is the partition.
    pub time: Column,
    /// The id by which a record delivered twice is known, 32 hex digits; `None`: every row is a record of its own.
    pub identity: Option<Column>,
    /// How rows lie within a file.
    pub sort: &'static [Column],
}

impl Table {
    pub fn column(&self, name: &str) -> Option<Column> {
        self.columns.iter().copied().find(|column| column.name == name)
    }
}

/// The columns that are folders, outermost first; all are text.
pub const PARTITION_COLUMNS: [(&str, &str); 6] = [
    ("tenant", "owner of the row, as the key says"),
    ("source", "intake path: `otlp`, `coding_agent_hook`, `coding_agent_history`"),
    ("type", "provider of the telemetry: `claude_code`, `codex`, `cursor`, `other`"),
    ("year", "year of the row's time in UTC, four digits"),
    ("month", "month of the row's time in UTC, two digits"),
    ("day", "day of the row's time in UTC, two digits"),
];

/// Every table of the lake.
pub const TABLES: [&Table; 3] = [&events_raw::TABLE, &coding_agent_events::TABLE, &coding_agent_metrics::TABLE];

macro_rules! table {
    ($(#[doc = $doc:literal])+ $module:ident, time: $time:ident, identity: $identity:expr, sort: [$($sort:ident),*], columns: {
        $($constant:ident $name:literal $kind:ident $column_doc:literal,)+
    }) => {
        $(#[doc = $doc])+
        pub mod $module {
            use super::{Column, Kind, Table};

            #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "counts the columns, never named outside")]
            enum Index { $($constant),+ }

            $(
                #[doc = $column_doc]
                pub const $constant: Column =
                    Column { index: Index::$constant as usize, name: $name, kind: Kind::$kind, doc: $column_doc };
            )+

            pub const TABLE: Table = Table {
                name: stringify!($module),
                doc: concat!($($doc),+),
                columns: &[$($constant),+],
                time: $time,
                identity: $identity,
                sort: &[$($sort),*],
            };
        }
    };
}

table! {
    /// One request received after authentication, accepted or refused.
    events_raw, time: TIMESTAMP, identity: None, sort: [TIMESTAMP], columns: {
        TIMESTAMP "timestamp" Timestamp "when the request was received",
        PROVIDER "provider" Text "which program it tells about: `claude_code`, `codex`, `cursor`, `other`",
        SIGNAL "signal" Text "`logs`, `traces`, `metrics`, `hooks` or `history`",
        HTTP_STATUS "http_status" Int "status of the answer; 200 means accepted",
        ERROR "error" Text "why the request was refused",
        RAW_EVENT "raw_event" Json "the request after sanitizing, as OTLP/JSON or hook JSON; null when refused",
        ARRIVAL_ID "arrival_id" Text "UUID (version 7) of the request; rows of other tables name it",
        BYTES "bytes" Int "size of the body as received, decompressed, in bytes",
        KEY_ID "key_id" Text "id of the key that sent it",
    }
}

table! {
    /// One log record, span, hook event or imported record of a coding agent, normalized.
    coding_agent_events, time: EVENT_TIME, identity: Some(EVENT_ID), sort: [SESSION_ID, EVENT_TIME], columns: {
        EVENT_ID "event_id" Text "identity of the event; a record delivered twice has it once",
        EVENT_TIME "event_time" Timestamp "when it happened; the time of receipt where the sender gives none",
        RECEIVED_AT "received_at" Timestamp "when modlake received it",
        ARRIVAL_ID "arrival_id" Text "the request it came in (`events_raw.arrival_id`)",
        PROVIDER "provider" Text "`claude_code`, `codex`, `cursor`, `other`",
        SIGNAL "signal" Text "`logs`, `traces`, `hooks` or `history`",
        FACT "fact" Text "what the row counts towards: `turn`, `api_request`, `tool_call` or `skill_use`; null where it counts towards nothing, or says nothing that another row does not",
        FACT_ID "fact_id" Text "identity of that fact within its provider and session; rows that share it tell of one and the same thing, whatever signal they came by; null where the sender gives none",
        EVENT_NAME "event_name" Text "what happened: `user_prompt`, `api_request`, `tool_result`, a hook's or span's name",
        SESSION_ID "session_id" Text "the agent's session",
        PROMPT_ID "prompt_id" Text "the user's prompt it belongs to (Codex: the turn, Cursor: the generation)",
        EVENT_SEQUENCE "event_sequence" Int "number within the agent's process, starting at 0",
        TRACE_ID "trace_id" Text "W3C trace id, hex",
        SPAN_ID "span_id" Text "W3C span id, hex",
        PARENT_SPAN_ID "parent_span_id" Text "span id of the parent, hex",
        TOOL_NAME "tool_name" Text "tool that was called",
        TOOL_USE_ID "tool_use_id" Text "id of the tool call; joins logs, spans and hooks",
        SUCCESS "success" Bool "whether it succeeded",
        DURATION_MS "duration_ms" Int "how long it took, in milliseconds",
        TTFT_MS "ttft_ms" Int "time to the first token, in milliseconds",
        ATTEMPT "attempt" Int "number of the attempt, or how many were made, as the client counts",
        EXIT_CODE "exit_code" Int "exit code of the command that a tool ran",
        DECISION "decision" Text "`accept` or `reject`",
        DECISION_SOURCE "decision_source" Text "who decided: `config`, `hook`, `user_permanent`, …",
        MODEL "model" Text "model that answered",
        INPUT_TOKENS "input_tokens" Int "input tokens that were neither read from nor written to the cache, for every provider: what a client counts otherwise is converted",
        OUTPUT_TOKENS "output_tokens" Int "output tokens, those spent on reasoning included",
        CACHE_READ_TOKENS "cache_read_tokens" Int "input tokens read from the cache",
        CACHE_CREATION_TOKENS "cache_creation_tokens" Int "input tokens written to the cache",
        REASONING_TOKENS "reasoning_tokens" Int "the part of the output tokens that was spent on reasoning, where the client tells",
        COST_USD "cost_usd" Double "cost in US dollars as the client computed it",
        REQUEST_ID "request_id" Text "id of the model request",
        MESSAGE_ID "message_id" Text "id of the model's message",
        STATUS_CODE "status_code" Int "HTTP status of the model's API, or the span's status code",
        ERROR_TYPE "error_type" Text "class of the error",
        ERROR_MESSAGE "error_message" Text "the error's text after redaction",
        PROMPT_TEXT "prompt_text" Text "the prompt, only where capture is opted in",
        PROMPT_LENGTH "prompt_length" Int "length of the prompt in characters, as the client counts",
        OUTPUT_SNIPPET "output_snippet" Text "beginning of the output, only where capture is opted in",
        INPUT_SIZE_BYTES "input_size_bytes" Int "size of a tool's input in bytes",
        OUTPUT_SIZE_BYTES "output_size_bytes" Int "size of a tool's output in bytes",
        COMMAND "command" Text "program (and subcommand) that was run; the whole line only where capture is opted in",
        SKILL_NAME "skill_name" Text "skill that was used",
        SKILL_SCOPE "skill_scope" Text "where the skill comes from",
        SKILL_TRIGGER "skill_trigger" Text "what made the agent use it: `user-slash`, `claude-proactive`, `explicit`, `implicit`, …",
        MCP_SERVER "mcp_server" Text "MCP server that was called",
        MCP_TOOL "mcp_tool" Text "MCP tool that was called",
        AGENT_ID "agent_id" Text "sub-agent it happened in",
        AGENT_TYPE "agent_type" Text "kind of the sub-agent",
        AGENT_VERSION "agent_version" Text "version of the coding agent",
        TERMINAL_TYPE "terminal_type" Text "terminal or editor the agent ran in",
        OS_TYPE "os_type" Text "operating system",
        OS_VERSION "os_version" Text "version of the operating system",
        HOST_ARCH "host_arch" Text "processor architecture",
        HOST_NAME "host_name" Text "name of the machine, where the client sends it",
        CWD "cwd" Text "working directory",
        REPO "repo" Text "repository",
        BRANCH "branch" Text "branch",
        COMMIT_SHA "commit_sha" Text "commit that was made or checked out",
        ORG_ID "org_id" Text "organization (`org_id`, `org.id`, `company.id`, `organization.id`)",
        PROJECT_ID "project_id" Text "project (`project_id`, `project.id`, `moda.project_id`)",
        USER_ID "user_id" Text "user (`moda.user_id`, `user.id`, `enduser.id`)",
        USER_EMAIL "user_email" Text "e-mail address of the user (`user.email`, `enduser.email`)",
        PERMISSION_MODE "permission_mode" Text "permission mode of the session",
        QUERY_SOURCE "query_source" Text "what asked the model: main thread, sub-agent, compaction",
        ATTRIBUTES "attributes" Json "everything else the record carried, and what was withheld or redacted",
    }
}

table! {
    /// One metric data point of a coding agent, normalized.
    coding_agent_metrics, time: EVENT_TIME, identity: Some(POINT_ID), sort: [METRIC_NAME, SERIES_ID, EVENT_TIME], columns: {
        POINT_ID "point_id" Text "identity of the point: series, start, time and measurement; a point delivered twice has it once",
        EVENT_TIME "event_time" Timestamp "the point's time: the end of what it covers",
        START_TIME "start_time" Timestamp "where the point's count begins; a new start is a new process or a reset",
        RECEIVED_AT "received_at" Timestamp "when modlake received it",
        ARRIVAL_ID "arrival_id" Text "the request it came in (`events_raw.arrival_id`)",
        PROVIDER "provider" Text "`claude_code`, `codex`, `cursor`, `other`",
        METRIC_NAME "metric_name" Text "name of the metric: `claude_code.token.usage`",
        METRIC_TYPE "metric_type" Text "`sum`, `gauge`, `histogram`, `exponential_histogram` or `summary`",
        UNIT "unit" Text "unit as UCUM writes it: `ms`, `USD`, `tokens`",
        TEMPORALITY "temporality" Text "`delta`: the point covers what happened since the one before; `cumulative`: since `start_time`",
        IS_MONOTONIC "is_monotonic" Bool "whether a sum can only grow",
        SERIES_ID "series_id" Text "hash of provider, resource, scope, metric and attributes, in whatever order: points that share it are one series",
        VALUE "value" Double "value of a sum or gauge; the sum of a histogram or summary; to total them, add up all of the `delta` points, and of the `cumulative` points the last of each series and start; always finite",
        COUNT "count" Int "number of measurements of a histogram or summary",
        MIN "min" Double "smallest measurement of a histogram",
        MAX "max" Double "largest measurement of a histogram",
        BUCKETS "buckets" Json "a histogram's `bounds` and `counts`; an exponential histogram's `scale`, `zero_count`, `zero_threshold`, `positive` and `negative` with `offset` and `counts`; a summary's `quantiles`",
        NO_VALUE "no_value" Bool "true where the sender says that there is no measurement",
        SESSION_ID "session_id" Text "the agent's session, where the point names it",
        TOKEN_TYPE "token_type" Text "kind of tokens, lines or time (attribute `type`, `token_type`, `gen_ai.token.type`)",
        MODEL "model" Text "model",
        TOOL_NAME "tool_name" Text "tool",
        SUCCESS "success" Bool "whether it succeeded",
        SKILL_NAME "skill_name" Text "skill",
        MCP_SERVER "mcp_server" Text "MCP server",
        AGENT_TYPE "agent_type" Text "kind of the sub-agent",
        QUERY_SOURCE "query_source" Text "what asked the model: main thread, sub-agent, compaction",
        AGENT_VERSION "agent_version" Text "version of the coding agent",
        TERMINAL_TYPE "terminal_type" Text "terminal or editor the agent ran in",
        OS_TYPE "os_type" Text "operating system",
        OS_VERSION "os_version" Text "version of the operating system",
        HOST_ARCH "host_arch" Text "processor architecture",
        HOST_NAME "host_name" Text "name of the machine, where the client sends it",
        REPO "repo" Text "repository",
        BRANCH "branch" Text "branch",
        ORG_ID "org_id" Text "organization",
        PROJECT_ID "project_id" Text "project",
        USER_ID "user_id" Text "user",
        USER_EMAIL "user_email" Text "e-mail address of the user",
        ATTRIBUTES "attributes" Json "every other attribute of the point, its scope and its resource, and what was withheld or redacted",
    }
}

#[cfg(test)]
mod tests;
