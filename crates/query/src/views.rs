//! Views: what the tables tell, counted once. Each is a query in a file of its own, planned over the caller's own tables.
//!
//! A file's header is its documentation: comment lines, of which `-- name type: meaning` is a column.

/// A query that is seen as a table.
#[derive(Debug)]
pub struct View {
    pub name: &'static str,
    pub(crate) sql: &'static str,
}

/// A column of a view, as the header of its file says.
#[derive(Debug, PartialEq, Eq)]
pub struct ViewColumn {
    pub name: &'static str,
    /// As [`record::dictionary::Kind::as_str`], or `date`.
    pub kind: &'static str,
    pub doc: &'static str,
}

macro_rules! views {
    ($($name:literal),* $(,)?) => {
        [$(View { name: $name, sql: include_str!(concat!("views/", $name, ".sql")) }),*]
    };
}

/// In the order of the reference page.
pub const VIEWS: [View; 16] = views![
    "sessions",
    "turns",
    "tool_calls",
    "api_requests",
    "skill_uses",
    "costs",
    "coding_agent_metric_increments",
    "builds",
    "runs",
    "commits",
    "publishes",
    "execs",
    "mcp_calls",
    "deployment_engagement",
    "deployment_errors",
    "deployment_users",
];

/// What schema `moderne_bi` has besides the views on trace files: the tables with the tenant as `org`, too, the partition under
/// which the wrapper around `mod` uploads.
pub(crate) const MODERNE_BI: [View; 2] = [
    View { name: "traces", sql: include_str!("views/moderne_bi/traces.sql") },
    View { name: "traces_rejected", sql: include_str!("views/moderne_bi/traces_rejected.sql") },
];

/// The views on trace files, which schema `moderne_bi` has, too.
pub(crate) const TRACE_VIEWS: [&str; 6] = ["builds", "runs", "commits", "publishes", "execs", "mcp_calls"];

/// What several views begin with, as schema `internal`, which no query of a caller can name.
pub(crate) const INTERNAL: [View; 3] = [
    View { name: "copies", sql: include_str!("views/internal/copies.sql") },
    View { name: "facts", sql: include_str!("views/internal/facts.sql") },
    View { name: "owners", sql: include_str!("views/internal/owners.sql") },
];

impl View {
    /// What one row is, and what there is to know about it: paragraphs with an empty line between them.
    pub fn doc(&self) -> String {
        let lines = self.header().filter(|line| column(line).is_none());
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    pub fn columns(&self) -> Vec<ViewColumn> {
        self.header().filter_map(column).collect()
    }

    fn header(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.sql.lines().map_while(|line| line.strip_prefix("--")).map(str::trim)
    }
}

fn column(line: &'static str) -> Option<ViewColumn> {
    let (head, doc) = line.split_once(": ")?;
    let (name, kind) = head.split_once(' ')?;
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_kind = |kind: &str| is_word(&kind.replace(['(', ',', ')'], "_"));
    (is_word(name) && is_kind(kind)).then_some(ViewColumn { name, kind, doc })
}

#[cfg(test)]
mod tests;
