//! The CSV objects of `traces`: which columns a file of each command type has, in which order.

use record::dictionary::{Column, Kind, TABLES};

use super::Layout;
use super::script::lines;

/// The table whose rows came as CSV objects; others begin with its name.
pub(super) const TABLE: &str = "traces";

/// A command type and the stages whose columns its files have, in this order, between the common columns and `organization`.
pub(super) const TYPES: [(&str, &[&str]); 10] = [
    ("sync", &["sync"]),
    ("build", &["sync", "build"]),
    ("run", &["sync", "build", "run"]),
    ("apply", &["sync", "build", "run", "apply"]),
    ("add", &["sync", "build", "run", "apply", "add"]),
    ("commit", &["sync", "build", "run", "apply", "add", "commit"]),
    ("push", &["sync", "build", "run", "apply", "add", "commit", "push"]),
    ("publish", &["sync", "build", "publish"]),
    ("exec", &["exec"]),
    ("mcp", &["mcp"]),
];

/// Begin every file.
const COMMON: [&str; 4] = ["origin", "path", "branch", "developer"];

/// Ends the stages of every file; columns of tags (`tag.<key>`) may follow.
const LAST: &str = "organization";

/// Every column as the command spells it in a header; `traces` has them in lower case.
pub(super) const SPELLED: [&str; 120] = [
    "origin",
    "path",
    "branch",
    "developer",
    "syncOutcome",
    "syncCloneUri",
    "syncLstDownloadUri",
    "syncStartTime",
    "syncEndTime",
    "syncChangeset",
    "syncElapsedTimeMs",
    "buildOutcome",
    "buildStartTime",
    "buildEndTime",
    "buildId",
    "buildDependencyResolutionTimeMs",
    "buildChangeset",
    "buildMavenVersion",
    "buildGradleVersion",
    "buildBazelVersion",
    "buildDotnetVersion",
    "buildPythonVersion",
    "buildNodeVersion",
    "buildOsName",
    "buildOsVersion",
    "buildOsEol",
    "buildGitAutocrlf",
    "buildGitEol",
    "buildSourceFileCount",
    "buildLineCount",
    "buildParseErrorCount",
    "buildWeight",
    "buildMaxWeight",
    "buildMaxWeightSourceFile",
    "buildCliVersion",
    "buildElapsedTimeMs",
    "runOutcome",
    "runStartTime",
    "runEndTime",
    "runId",
    "runUnlicensedAttempt",
    "runStreaming",
    "runRecipeId",
    "runRecipeInstanceName",
    "runRecipeOptions",
    "runRecipeArtifact",
    "runEstimatedEffortTimeSavingsMs",
    "runDependencyResolutionTimeMs",
    "runPomCacheHitRate",
    "runResolvedPomCacheHitRate",
    "runFilesWithFixResults",
    "runFilesWithSearchResults",
    "runFilesWithErrors",
    "runFilesSearched",
    "runLinesAdded",
    "runLinesRemoved",
    "runDataTables",
    "runThread",
    "runElapsedTimeMs",
    "applyOutcome",
    "applyStartTime",
    "applyEndTime",
    "applyId",
    "applyElapsedTimeMs",
    "addOutcome",
    "addStartTime",
    "addEndTime",
    "addId",
    "addElapsedTimeMs",
    "commitOutcome",
    "commitStartTime",
    "commitEndTime",
    "commitId",
    "commitBranch",
    "commitElapsedTimeMs",
    "pushOutcome",
    "pushStartTime",
    "pushEndTime",
    "pushId",
    "pushRemoteBranch",
    "pushSetUpstream",
    "pushElapsedTimeMs",
    "publishOutcome",
    "publishStartTime",
    "publishEndTime",
    "publishId",
    "publishUri",
    "publishElapsedTimeMs",
    "execOutcome",
    "execStartTime",
    "execEndTime",
    "execId",
    "execCommand",
    "execCommandWithSubstitutions",
    "execExitCode",
    "execRecipeRunId",
    "execExecutionDirectory",
    "execVarJavaHome",
    "execVarModerneJavaHome",
    "execVarModerneJavaVersion",
    "execVarModerneJavaJdk",
    "execVarModerneBuildTool",
    "execVarModerneBuildToolCompile",
    "execVarModerneBuildToolCheck",
    "execVarModerneBuildToolDir",
    "execVarModerneBuildToolExecutable",
    "execElapsedTimeMs",
    "mcpOutcome",
    "mcpStartTime",
    "mcpEndTime",
    "mcpSessionId",
    "mcpToolName",
    "mcpRecipeId",
    "mcpMatchCount",
    "mcpChangeCount",
    "mcpRunId",
    "mcpResultBytes",
    "mcpArguments",
    "mcpElapsedTimeMs",
    "organization",
];

pub(super) const CSV: &str = "\
The trace files as they were delivered. The Delta table `traces` (--format delta) is the better one to query: its rows
were read by the header of each file, have types, and a file that came again counts once. These files
- have one header for each command type, and others from older versions of the command. An engine that reads by name has
  one table here; one that reads by position has a table for each type, and is right for current files only: the columns
  of `run` stood in another order until CLI 4.3.4, and the 3.45 line wrote booleans (`buildSuccess`);
- end their lines in CRLF: where the last column keeps a carriage return, trim `organization`;
- may end in columns for tags (`tag.<key>`), which are left out here;
- repeat the stages of earlier commands: count with the `type` of the command that you mean.";

/// The columns of the current header of a type, in its order; `stages` as in [`TYPES`].
pub(super) fn columns(stages: &[&str]) -> Vec<Column> {
    let traces = TABLES.into_iter().filter(|table| table.name == TABLE).flat_map(|table| table.columns);
    let traces: Vec<Column> = traces.copied().collect();
    let named = |name: &str| traces.iter().filter(move |column| column.name == name).copied().collect::<Vec<_>>();
    let mut found: Vec<Column> = COMMON.iter().flat_map(|name| named(name)).collect();
    for stage in stages {
        let spelled = SPELLED.iter().filter(|name| stage_of(name) == *stage);
        found.extend(spelled.flat_map(|name| named(&name.to_ascii_lowercase())));
    }
    found.extend(named(LAST));
    found
}

/// The stage of a column by its spelling: `runElapsedTimeMs` is of `run`.
fn stage_of(name: &str) -> &str {
    name.find(|c: char| c.is_ascii_uppercase()).and_then(|end| name.get(..end)).unwrap_or_default()
}

/// Of every type and era, as the command spells them, with their kinds.
pub(super) fn all_columns() -> impl Iterator<Item = (&'static str, Kind)> {
    let traces = TABLES.into_iter().find(|table| table.name == TABLE);
    SPELLED.into_iter().map(move |spelled| {
        let column = traces.and_then(|table| table.column(&spelled.to_ascii_lowercase()));
        (spelled, column.map_or(Kind::Text, |column| column.kind))
    })
}

pub(super) fn table_of(kind: &str) -> String {
    format!("{TABLE}_{kind}")
}

/// Columns and partition columns of a type, all of one type of the engine.
pub(super) fn declared(stages: &[&str], layout: Layout, text: &str) -> (String, String) {
    let own = columns(stages).into_iter().map(|column| format!("{} {text}", column.name));
    let partitions = layout.partitions().iter().map(|name| format!("{name} {text}"));
    (lines(own), lines(partitions))
}

/// A pattern over the objects of a type (`*`: of all), below the location. Its depth is exact: what lies deeper is no delivery in
/// force.
pub(super) fn pattern(layout: Layout, kind: &str) -> String {
    let folders = layout.partitions().iter().map(|name| match *name {
        "type" => format!("type={kind}/"),
        name => format!("{name}=*/"),
    });
    format!("{}{}*.csv", layout.folder(), folders.collect::<String>())
}
