//! Where a record comes from: the intake path, the agent, the signal.

use std::fmt;

/// The intake path, as `events_raw.source` and the partition column `source` spell it (seed page of the coding-agent intake).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    Otlp,
    CodingAgentHook,
    /// An agent's own session files, imported.
    CodingAgentHistory,
    /// Trace files of the `mod` command: the request itself, in `events_raw`.
    CliTrace,
    /// Rows of trace files: commands that developers and builds ran.
    Cli,
    /// Rows of trace files: commands that were run for users of the web interface.
    Saas,
    /// Events and errors of browser mods.
    Product,
}

impl Source {
    pub const ALL: [Self; 7] = [
        Self::Otlp,
        Self::CodingAgentHook,
        Self::CodingAgentHistory,
        Self::CliTrace,
        Self::Cli,
        Self::Saas,
        Self::Product,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Otlp => "otlp",
            Self::CodingAgentHook => "coding_agent_hook",
            Self::CodingAgentHistory => "coding_agent_history",
            Self::CliTrace => "cli_trace",
            Self::Cli => "cli",
            Self::Saas => "saas",
            Self::Product => "product",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

/// Which program the telemetry tells about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    ClaudeCode,
    Codex,
    Cursor,
    /// Any other OpenTelemetry-speaking tool.
    Other,
    /// The `mod` command.
    Mod,
    /// Mods in a browser.
    BrowserMod,
}

impl Provider {
    /// The journal's envelopes hold places in this list: it only grows at the end.
    pub const ALL: [Self; 6] = [Self::ClaudeCode, Self::Codex, Self::Cursor, Self::Other, Self::Mod, Self::BrowserMod];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude_code",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::Other => "other",
            Self::Mod => "mod",
            Self::BrowserMod => "browser_mod",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }
}

/// The kind of telemetry in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    Logs,
    Traces,
    Metrics,
    Hooks,
    /// What `modlake import` read from an agent's own session files.
    History,
    /// A trace file of a command that a developer or a build ran.
    CliTraces,
    /// A trace file of a command that was run for a user of the web interface.
    SaasTraces,
    /// What mods in a browser did.
    ProductEvents,
    /// What failed in them.
    ProductErrors,
}

impl Signal {
    /// The journal's envelopes hold places in this list: it only grows at the end.
    pub const ALL: [Self; 9] = [
        Self::Logs,
        Self::Traces,
        Self::Metrics,
        Self::Hooks,
        Self::History,
        Self::CliTraces,
        Self::SaasTraces,
        Self::ProductEvents,
        Self::ProductErrors,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Hooks => "hooks",
            Self::History => "history",
            Self::CliTraces => "cli_traces",
            Self::SaasTraces => "saas_traces",
            Self::ProductEvents => "product_events",
            Self::ProductErrors => "product_errors",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.as_str() == text)
    }

    /// Whether its requests are OTLP, rather than JSON objects of an agent.
    pub fn is_otlp(self) -> bool {
        self.source() == Source::Otlp
    }

    /// The intake path this signal comes in by.
    pub fn source(self) -> Source {
        match self {
            Self::Logs | Self::Traces | Self::Metrics => Source::Otlp,
            Self::Hooks => Source::CodingAgentHook,
            Self::History => Source::CodingAgentHistory,
            Self::CliTraces | Self::SaasTraces => Source::CliTrace,
            Self::ProductEvents | Self::ProductErrors => Source::Product,
        }
    }

    /// Where the rows of a trace file come from, [`Source::Cli`] or [`Source::Saas`]; `None`: its requests are no trace files.
    pub fn trace_source(self) -> Option<Source> {
        match self {
            Self::CliTraces => Some(Source::Cli),
            Self::SaasTraces => Some(Source::Saas),
            _ => None,
        }
    }
}

macro_rules! display_as_str {
    ($($name:ty),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}
display_as_str!(Source, Provider, Signal);
