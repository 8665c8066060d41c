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
    (
        "source",
        "intake path: `otlp`, `coding_agent_hook`, `coding_agent_history`, `cli_trace`, `product`; in `traces` and `traces_rejected`: `cli`, `saas`",
    ),
    (
        "type",
        "provider of the telemetry: `claude_code`, `codex`, `cursor`, `other`, `mod`, `browser_mod`; in `traces` and `traces_rejected` what the command did: `sync`, `build`, `run`, …",
    ),
    ("year", "year of the row's time in UTC, four digits"),
    ("month", "month of the row's time in UTC, two digits"),
    ("day", "day of the row's time in UTC, two digits"),
];

/// Every table of the lake.
pub const TABLES: [&Table; 7] = [
    &events_raw::TABLE,
    &coding_agent_events::TABLE,
    &coding_agent_metrics::TABLE,
    &traces::TABLE,
    &traces_rejected::TABLE,
    &product_events::TABLE,
    &product_errors::TABLE,
];

/// A table that is not of the lake: its rows lie in the catalog, change, and are in no file.
#[derive(Debug)]
pub struct CatalogTable {
    pub name: &'static str,
    pub doc: &'static str,
    pub columns: &'static [Column],
}

/// The records of team databases.
pub const RECORDS: CatalogTable = CatalogTable {
    name: "records",
    doc: "One record of a team database, as it is now. A database that names the keys that may use it is not in here.",
    columns: &[
        column(
            0,
            "database_id",
            Kind::Text,
            "UUID of the database; a condition on it, or on the name, reads that database alone",
        ),
        column(1, "database_name", Kind::Text, "name of the database; several may have one"),
        column(2, "key", Kind::Text, "the record's key within its database"),
        column(3, "data", Kind::Json, "what the record holds"),
        column(4, "created_at", Kind::Timestamp, "when the key was first written"),
        column(5, "updated_at", Kind::Timestamp, "when it was last written"),
        column(6, "updated_by", Kind::Text, "id of the key of this server that wrote last"),
    ],
};

const fn column(index: usize, name: &'static str, kind: Kind, doc: &'static str) -> Column {
    Column { index, name, kind, doc }
}

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
        PROVIDER "provider" Text "which program it tells about: `claude_code`, `codex`, `cursor`, `other`, `mod`, `browser_mod`",
        SIGNAL "signal" Text "`logs`, `traces`, `metrics`, `hooks`, `history`, `cli_traces`, `saas_traces`, `product_events` or `product_errors`",
        HTTP_STATUS "http_status" Int "status of the answer; 200 means accepted, 201 that of a trace file, or of events and errors of mods",
        ERROR "error" Text "why the request was refused",
        RAW_EVENT "raw_event" Json "the request after sanitizing, as OTLP/JSON or JSON of hooks or mods; of a trace file `type`, `command_id`, `object` (its key in the lake), `bytes` and `sha256` of that object, `rows`, `rejected`; null when refused",
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

table! {
    /// One repository of one `mod` command: a row of a trace file, every column of every type of command under its own name in lower case.
    traces, time: COMMAND_TIME, identity: Some(ROW_ID), sort: [COMMAND_TIME, COMMAND_ID, ROW_NUMBER], columns: {
        ORIGIN "origin" Text "host of the repository, without scheme",
        PATH "path" Text "organization and name of the repository on its host",
        BRANCH "branch" Text "branch of the repository",
        DEVELOPER "developer" Text "e-mail address of the user as git has it; null where git has none",
        SYNC_OUTCOME "syncoutcome" Text "how the clone or download ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        SYNC_CLONE_URI "synccloneuri" Text "URL the repository is cloned from",
        SYNC_LST_DOWNLOAD_URI "synclstdownloaduri" Text "where a prebuilt LST was downloaded from; null: it was built here",
        SYNC_START_TIME "syncstarttime" Timestamp "when the clone or download began",
        SYNC_END_TIME "syncendtime" Timestamp "when the clone or download ended",
        SYNC_CHANGESET "syncchangeset" Text "commit that was checked out",
        SYNC_ELAPSED_TIME_MS "syncelapsedtimems" Int "how long the clone or download took, in milliseconds",
        BUILD_OUTCOME "buildoutcome" Text "how the build ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        BUILD_START_TIME "buildstarttime" Timestamp "when the build began",
        BUILD_END_TIME "buildendtime" Timestamp "when the build ended",
        BUILD_ID "buildid" Text "id of the build command",
        BUILD_DEPENDENCY_RESOLUTION_TIME_MS "builddependencyresolutiontimems" Int "time spent on resolving dependencies, in milliseconds; may exceed the elapsed time",
        BUILD_CHANGESET "buildchangeset" Text "commit that was built",
        BUILD_MAVEN_VERSION "buildmavenversion" Text "version of Maven",
        BUILD_GRADLE_VERSION "buildgradleversion" Text "version of Gradle",
        BUILD_BAZEL_VERSION "buildbazelversion" Text "version of Bazel",
        BUILD_DOTNET_VERSION "builddotnetversion" Text "version of .NET",
        BUILD_PYTHON_VERSION "buildpythonversion" Text "version of Python",
        BUILD_NODE_VERSION "buildnodeversion" Text "version of Node.js",
        BUILD_OS_NAME "buildosname" Text "operating system of the build",
        BUILD_OS_VERSION "buildosversion" Text "version of the operating system",
        BUILD_OS_EOL "buildoseol" Text "line ends of the operating system: `LF`, `CRLF`",
        BUILD_GIT_AUTOCRLF "buildgitautocrlf" Text "git's `core.autocrlf`: `False`, `True`, `Input`",
        BUILD_GIT_EOL "buildgiteol" Text "git's `core.eol`: `CRLF`, `LF`, `Native`",
        BUILD_SOURCE_FILE_COUNT "buildsourcefilecount" Int "files parsed",
        BUILD_LINE_COUNT "buildlinecount" Int "lines of code",
        BUILD_PARSE_ERROR_COUNT "buildparseerrorcount" Int "files that could not be parsed",
        BUILD_WEIGHT "buildweight" Int "weight of the LST, summed over its files",
        BUILD_MAX_WEIGHT "buildmaxweight" Int "weight of the heaviest file",
        BUILD_MAX_WEIGHT_SOURCE_FILE "buildmaxweightsourcefile" Text "path of the heaviest file",
        BUILD_CLI_VERSION "buildcliversion" Text "version of the CLI that built",
        BUILD_ELAPSED_TIME_MS "buildelapsedtimems" Int "how long the build took, in milliseconds",
        RUN_OUTCOME "runoutcome" Text "how the recipe run ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        RUN_START_TIME "runstarttime" Timestamp "when the recipe run began",
        RUN_END_TIME "runendtime" Timestamp "when the recipe run ended",
        RUN_ID "runid" Text "id of the run command, shared by all repositories of one command",
        RUN_UNLICENSED_ATTEMPT "rununlicensedattempt" Bool "whether the run lacked a license",
        RUN_STREAMING "runstreaming" Bool "whether the run streamed",
        RUN_RECIPE_ID "runrecipeid" Text "name of the recipe, fully qualified",
        RUN_RECIPE_INSTANCE_NAME "runrecipeinstancename" Text "display name of the recipe",
        RUN_RECIPE_OPTIONS "runrecipeoptions" Text "the recipe's options, a JSON object as text, redacted",
        RUN_RECIPE_ARTIFACT "runrecipeartifact" Text "the recipe's Maven coordinates: `group:artifact:version`",
        RUN_ESTIMATED_EFFORT_TIME_SAVINGS_MS "runestimatedefforttimesavingsms" Int "estimated effort saved, in milliseconds: changes times the estimate of the recipe",
        RUN_DEPENDENCY_RESOLUTION_TIME_MS "rundependencyresolutiontimems" Int "time spent on resolving dependencies, in milliseconds",
        RUN_POM_CACHE_HIT_RATE "runpomcachehitrate" Double "hit rate of the cache of POMs, 0 to 1",
        RUN_RESOLVED_POM_CACHE_HIT_RATE "runresolvedpomcachehitrate" Double "hit rate of the cache of resolved POMs, 0 to 1",
        RUN_FILES_WITH_FIX_RESULTS "runfileswithfixresults" Int "files changed",
        RUN_FILES_WITH_SEARCH_RESULTS "runfileswithsearchresults" Int "files with search markers",
        RUN_FILES_WITH_ERRORS "runfileswitherrors" Int "files with errors",
        RUN_FILES_SEARCHED "runfilessearched" Int "files visited",
        RUN_LINES_ADDED "runlinesadded" Int "lines added, as git counts",
        RUN_LINES_REMOVED "runlinesremoved" Int "lines removed, as git counts",
        RUN_DATA_TABLES "rundatatables" Int "data tables written",
        RUN_THREAD "runthread" Text "thread the run was on",
        RUN_ELAPSED_TIME_MS "runelapsedtimems" Int "how long the recipe run took, in milliseconds",
        APPLY_OUTCOME "applyoutcome" Text "how the `mod git apply` ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        APPLY_START_TIME "applystarttime" Timestamp "when the `mod git apply` began",
        APPLY_END_TIME "applyendtime" Timestamp "when the `mod git apply` ended",
        APPLY_ID "applyid" Text "id of the apply command",
        APPLY_ELAPSED_TIME_MS "applyelapsedtimems" Int "how long the `mod git apply` took, in milliseconds",
        ADD_OUTCOME "addoutcome" Text "how the `mod git add` ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        ADD_START_TIME "addstarttime" Timestamp "when the `mod git add` began",
        ADD_END_TIME "addendtime" Timestamp "when the `mod git add` ended",
        ADD_ID "addid" Text "id of the add command",
        ADD_ELAPSED_TIME_MS "addelapsedtimems" Int "how long the `mod git add` took, in milliseconds",
        COMMIT_OUTCOME "commitoutcome" Text "how the `mod git commit` ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        COMMIT_START_TIME "commitstarttime" Timestamp "when the `mod git commit` began",
        COMMIT_END_TIME "commitendtime" Timestamp "when the `mod git commit` ended",
        COMMIT_ID "commitid" Text "id of the commit command, shared by all repositories of one command",
        COMMIT_BRANCH "commitbranch" Text "branch committed to",
        COMMIT_ELAPSED_TIME_MS "commitelapsedtimems" Int "how long the `mod git commit` took, in milliseconds",
        PUSH_OUTCOME "pushoutcome" Text "how the `mod git push` ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        PUSH_START_TIME "pushstarttime" Timestamp "when the `mod git push` began",
        PUSH_END_TIME "pushendtime" Timestamp "when the `mod git push` ended",
        PUSH_ID "pushid" Text "id of the push command",
        PUSH_REMOTE_BRANCH "pushremotebranch" Text "remote branch pushed to",
        PUSH_SET_UPSTREAM "pushsetupstream" Bool "whether the upstream was set",
        PUSH_ELAPSED_TIME_MS "pushelapsedtimems" Int "how long the `mod git push` took, in milliseconds",
        PUBLISH_OUTCOME "publishoutcome" Text "how the `mod publish` ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        PUBLISH_START_TIME "publishstarttime" Timestamp "when the `mod publish` began",
        PUBLISH_END_TIME "publishendtime" Timestamp "when the `mod publish` ended",
        PUBLISH_ID "publishid" Text "id of the publish command",
        PUBLISH_URI "publishuri" Text "where the LST was published to; null when it was not uploaded",
        PUBLISH_ELAPSED_TIME_MS "publishelapsedtimems" Int "how long the `mod publish` took, in milliseconds",
        EXEC_OUTCOME "execoutcome" Text "how the `mod exec` ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        EXEC_START_TIME "execstarttime" Timestamp "when the `mod exec` began",
        EXEC_END_TIME "execendtime" Timestamp "when the `mod exec` ended",
        EXEC_ID "execid" Text "id of the exec command",
        EXEC_COMMAND "execcommand" Text "command line as written, redacted",
        EXEC_COMMAND_WITH_SUBSTITUTIONS "execcommandwithsubstitutions" Text "command line after its variables were filled in, redacted",
        EXEC_EXIT_CODE "execexitcode" Int "exit code of the command",
        EXEC_RECIPE_RUN_ID "execreciperunid" Text "run the command belongs to (`runid`)",
        EXEC_EXECUTION_DIRECTORY "execexecutiondirectory" Text "directory the command ran in",
        EXEC_VAR_JAVA_HOME "execvarjavahome" Text "variable `JAVA_HOME` of the command",
        EXEC_VAR_MODERNE_JAVA_HOME "execvarmodernejavahome" Text "variable `MODERNE_JAVA_HOME` of the command",
        EXEC_VAR_MODERNE_JAVA_VERSION "execvarmodernejavaversion" Text "variable `MODERNE_JAVA_VERSION` of the command",
        EXEC_VAR_MODERNE_JAVA_JDK "execvarmodernejavajdk" Text "variable `MODERNE_JAVA_JDK` of the command",
        EXEC_VAR_MODERNE_BUILD_TOOL "execvarmodernebuildtool" Text "variable `MODERNE_BUILD_TOOL` of the command",
        EXEC_VAR_MODERNE_BUILD_TOOL_COMPILE "execvarmodernebuildtoolcompile" Text "variable `MODERNE_BUILD_TOOL_COMPILE` of the command",
        EXEC_VAR_MODERNE_BUILD_TOOL_CHECK "execvarmodernebuildtoolcheck" Text "variable `MODERNE_BUILD_TOOL_CHECK` of the command",
        EXEC_VAR_MODERNE_BUILD_TOOL_DIR "execvarmodernebuildtooldir" Text "variable `MODERNE_BUILD_TOOL_DIR` of the command",
        EXEC_VAR_MODERNE_BUILD_TOOL_EXECUTABLE "execvarmodernebuildtoolexecutable" Text "variable `MODERNE_BUILD_TOOL_EXECUTABLE` of the command",
        EXEC_ELAPSED_TIME_MS "execelapsedtimems" Int "how long the `mod exec` took, in milliseconds",
        MCP_OUTCOME "mcpoutcome" Text "how the MCP tool call ended: `Succeeded`, `Failed`, `Canceled`, `Skipped`; null when it was not reached",
        MCP_START_TIME "mcpstarttime" Timestamp "when the MCP tool call began",
        MCP_END_TIME "mcpendtime" Timestamp "when the MCP tool call ended",
        MCP_SESSION_ID "mcpsessionid" Text "session of the MCP server",
        MCP_TOOL_NAME "mcptoolname" Text "tool that was called",
        MCP_RECIPE_ID "mcprecipeid" Text "recipe of the call; null for tools that only look up",
        MCP_MATCH_COUNT "mcpmatchcount" Int "matches found",
        MCP_CHANGE_COUNT "mcpchangecount" Int "changes made",
        MCP_RUN_ID "mcprunid" Text "run that the call started (`runid`)",
        MCP_RESULT_BYTES "mcpresultbytes" Int "size of the result in bytes",
        MCP_ARGUMENTS "mcparguments" Text "summary of the arguments, cut by the CLI, redacted; not always valid JSON",
        MCP_ELAPSED_TIME_MS "mcpelapsedtimems" Int "how long the MCP tool call took, in milliseconds",
        ORGANIZATION "organization" Text "organization the repository was in, from `ALL` down",
        TAGS "tags" Json "the command's `--trace-tag key=value` (columns `tag.<key>`), as an object of texts; null without any",
        COMMAND_ID "command_id" Text "id of the command whose file it is; its digits are local time",
        COMMAND_TIME "command_time" Timestamp "the latest start in the file of what the command did, else the first time in the file, else when it was received; one for all rows of a file",
        ROW_NUMBER "row_number" Int "number of the row in its file, from 1",
        FILE_SHA256 "file_sha256" Text "SHA-256 of the file as it lies in the lake, hex",
        RECEIVED_AT "received_at" Timestamp "when modlake received it",
        ARRIVAL_ID "arrival_id" Text "the request it came in (`events_raw.arrival_id`)",
        ROW_ID "row_id" Text "identity of the row: tenant, source, type, command, file and number; a file delivered twice has it once",
        ATTRIBUTES "attributes" Json "columns that are none of these, by their names; `unparsed`: texts that do not fit their column's type, by column; `redactions`; null when there is nothing to say",
    }
}

table! {
    /// One line of a trace file that no row could be made of; the other lines of the file are in `traces`.
    traces_rejected, time: COMMAND_TIME, identity: Some(ROW_ID), sort: [COMMAND_TIME, COMMAND_ID, LINE_NUMBER], columns: {
        COMMAND_ID "command_id" Text "id of the command whose file it is",
        COMMAND_TIME "command_time" Timestamp "as in `traces`",
        LINE_NUMBER "line_number" Int "line of the file it begins at, from 1; the header is line 1",
        REASON "reason" Text "why no row could be made of it",
        RAW_LINE "raw_line" Text "the line after redaction, at most 4,096 bytes of it",
        FILE_SHA256 "file_sha256" Text "SHA-256 of the file as it lies in the lake, hex",
        RECEIVED_AT "received_at" Timestamp "when modlake received it",
        ARRIVAL_ID "arrival_id" Text "the request it came in (`events_raw.arrival_id`)",
        ROW_ID "row_id" Text "identity of the line: tenant, source, type, command, file and number; a file delivered twice has it once",
    }
}

table! {
    /// One event of a mod in a browser: a run of a starter brick, a custom event, a step of a mod's life.
    product_events, time: EVENT_TIME, identity: Some(EVENT_ID), sort: [DEPLOYMENT_ID, MOD_ID, EVENT_TIME], columns: {
        EVENT_ID "event_id" Text "identity of the event: made from the `id` its sender gave; of an event without one it is of this delivery, so that none are merged",
        EVENT_TIME "event_time" Timestamp "when it happened; the time of receipt where the sender gives none, or one that is more than a day ahead or ten years back",
        RECEIVED_AT "received_at" Timestamp "when modlake received it",
        ARRIVAL_ID "arrival_id" Text "the request it came in (`events_raw.arrival_id`)",
        SIGNAL "signal" Text "`product_events`, or `logs` for an OpenTelemetry event",
        EVENT_NAME "event_name" Text "what happened: `TriggerRun`, `MenuItemClick`, `CustomUserEvent`, a name of the mod's own",
        LABEL "label" Text "label of the mod component (`label`, `extensionLabel`)",
        UID "uid" Text "random id of the browser profile",
        USER_ID "user_id" Text "user, where the sender names one",
        USER_EMAIL "user_email" Text "e-mail address of the user (`person.email`, `email`), else the name of the key where that is an address",
        MOD_ID "mod_id" Text "id of the mod (`modId`, `blueprintId`)",
        MOD_VERSION "mod_version" Text "version of the mod (`modVersion`, `blueprintVersion`)",
        MOD_COMPONENT_ID "mod_component_id" Text "id of the mod component (`modComponentId`, `extensionId`)",
        STARTER_BRICK_ID "starter_brick_id" Text "id of the starter brick (`starterBrickId`, `extensionPointId`)",
        DEPLOYMENT_ID "deployment_id" Text "deployment the mod is active by",
        RUN_ID "run_id" Text "run of the starter brick",
        SESSION_ID "session_id" Text "document load in one frame",
        NAVIGATION_ID "navigation_id" Text "the same until the frame's address changes",
        URL "url" Text "page it happened on, without its query unless kept by a setting, redacted",
        IS_FRAME "is_frame" Bool "whether it happened in a frame of the page",
        REPORT_MODE "report_mode" Text "telemetry mode it was reported under: `all`, `once`, `error-once`",
        HELD_BACK "held_back" Int "events of the same name that the sender's throttle held back since the one before",
        SDK_VERSION "sdk_version" Text "version of the browser SDK",
        CLIENT_VERSION "client_version" Text "version of the program around the mod (`version`, `versionName`)",
        USER_AGENT "user_agent" Text "the browser, as its request names it",
        DATA "data" Json "the event's own data, redacted; fields that have a column are left out",
        ATTRIBUTES "attributes" Json "everything else the event carried, and what was withheld or redacted",
    }
}

table! {
    /// One error of a mod in a browser.
    product_errors, time: EVENT_TIME, identity: Some(ERROR_ID), sort: [DEPLOYMENT_ID, MOD_ID, EVENT_TIME], columns: {
        ERROR_ID "error_id" Text "identity of the error: made from its `uuid`; of an error without one it is of this delivery",
        EVENT_TIME "event_time" Timestamp "when it happened; the time of receipt where the sender gives none, or one that is more than a day ahead or ten years back",
        RECEIVED_AT "received_at" Timestamp "when modlake received it",
        ARRIVAL_ID "arrival_id" Text "the request it came in (`events_raw.arrival_id`)",
        UUID "uuid" Text "id the client made (`uuid`)",
        CLASS_NAME "class_name" Text "class of the error",
        MESSAGE "message" Text "the error's text, redacted",
        IS_APPLICATION_ERROR "is_application_error" Bool "false where the author of the mod can mend it, true where the platform must",
        STACK "stack" Text "stack trace, redacted",
        UID "uid" Text "random id of the browser profile, where sent",
        USER_ID "user_id" Text "user, where the sender names one",
        USER_EMAIL "user_email" Text "e-mail address of the user, else the name of the key where that is an address",
        ORGANIZATION "organization" Text "organization of the mod",
        DEPLOYMENT_ID "deployment_id" Text "deployment the mod is active by",
        MOD_ID "mod_id" Text "id of the mod (`blueprint_version.id`, `modId`)",
        MOD_VERSION "mod_version" Text "version of the mod (`blueprint_version.version`, `modVersion`)",
        BRICK_ID "brick_id" Text "brick that failed (`brick_version.id`)",
        BRICK_VERSION "brick_version" Text "version of the brick",
        SERVICE_ID "service_id" Text "integration the brick used (`service_version.id`)",
        SERVICE_VERSION "service_version" Text "version of the integration",
        MOD_COMPONENT_ID "mod_component_id" Text "id of the mod component (`extension_uuid`, `modComponentId`)",
        LABEL "label" Text "label of the mod component (`extension_label`, `label`)",
        STEP_LABEL "step_label" Text "label of the step that failed",
        RUN_ID "run_id" Text "run of the starter brick",
        SESSION_ID "session_id" Text "document load in one frame",
        NAVIGATION_ID "navigation_id" Text "the same until the frame's address changes",
        URL "url" Text "page it happened on, without its query unless kept by a setting, redacted",
        REQUEST_URL "request_url" Text "address of the request that failed (`error_data.url`), without its query unless kept by a setting, redacted",
        REPORT_MODE "report_mode" Text "telemetry mode it was reported under: `all`, `once`, `error-once`",
        HELD_BACK "held_back" Int "errors alike that the sender's throttle held back since the one before",
        SDK_VERSION "sdk_version" Text "version of the browser SDK",
        CLIENT_VERSION "client_version" Text "version of the program around the mod (`user_agent_extension_version`)",
        CLIENT_FULL_VERSION "client_full_version" Text "the same in full (`user_agent_extension_full_version`)",
        PLATFORM "platform" Text "platform (`platform_name`)",
        USER_AGENT "user_agent" Text "the browser (`user_agent`), else as its request names it",
        ERROR_DATA "error_data" Json "the error's own data, redacted; fields that have a column are left out",
        ATTRIBUTES "attributes" Json "everything else the error carried, and what was withheld or redacted",
    }
}

#[cfg(test)]
mod tests;
