//! The documents say what is so: two pages are made from the code, and what the others name exists and runs.
//!
//! `UPDATE_DOCS=1 cargo test -p server documents` writes the made pages anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lake::root::Root;
use lake::{Lake, Options};
use query::prices::COLUMNS as PRICE_COLUMNS;
use query::views::VIEWS;
use query::{Engine, Limits};
use record::caller::Tenant;
use record::dictionary::{CATALOG_TABLES, PARTITION_COLUMNS, RECORDS, TABLES};
use record::time::Clock;
use redact::{RULES, pii};
use sanitize::SENSITIVE_FILE;
use sanitize::capture::VARIABLES;
use server::config::{self, Config, SETTINGS, Setting};

use crate::architecture::root;

const ACCEPT: &str = "UPDATE_DOCS=1 cargo test -p server documents";

/// Written by people.
const WRITTEN: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "STYLE.md",
    "docs/bricks.md",
    "docs/browser.md",
    "docs/catalog.md",
    "docs/databases.md",
    "docs/deployments.md",
    "docs/engines.md",
    "docs/laptop.md",
    "docs/privacy.md",
    "docs/product-events.md",
    "docs/retention.md",
    "docs/traces.md",
];
/// Made by this test.
const MADE: &[&str] = &["docs/settings.md", "docs/tables.md"];

const EXAMPLE: &str = r#"data_dir = "/var/lib/modlake"
http = "127.0.0.1:4318"

[capture]
prompts = false
keep_attributes = ["acme.team", "acme.cost_center"]

[redaction]
disable = ["password_hash"]

[redaction.pii]
ip_address = "hash"

[[redaction.rules]]
id = "acme_badge"
description = "badge of the Acme gateway"
keywords = ["acme_"]
pattern = 'acme_[0-9a-f]{24}'
matches = ["acme_fa15e2d1b3b7c3da2ab85225"]
rejects = ["acme_gateway"]

[journal]
max_bytes = "16GiB"

[query]
time_seconds = 60
"#;

#[test]
fn the_page_of_settings_is_current() {
    check("docs/settings.md", &settings_page());
}

#[test]
fn the_page_of_tables_is_current() {
    check("docs/tables.md", &tables_page());
}

#[test]
fn the_example_of_a_settings_file_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("modlake.toml");
    fs::write(&file, EXAMPLE).expect("written");
    let config = Config::load(Some(&file), |_| None, &[]).expect("every line of the example is understood");
    assert_eq!(config.journal.max_bytes, 16 << 30);
    assert_eq!(config.redaction.rules.len(), 1);
    config.sanitizer().expect("the rules of the example are right");
    assert_eq!(config.capture.keep_attributes, ["acme.team", "acme.cost_center"]);
}

#[test]
fn defaults_are_what_the_page_says() {
    let unchanged = format!("{:?}", Config::default());
    for setting in SETTINGS {
        let Some(default) = Parts::of(setting).default else { continue };
        let mut config = Config::default();
        (setting.apply)(&mut config, default.trim_start_matches("./")).unwrap_or_else(|wanted| {
            panic!("the default of `{}`, `{default}`, is not {wanted}", setting.key);
        });
        assert_eq!(format!("{config:?}"), unchanged, "`{}` is not `{default}` by default", setting.key);
    }
}

#[test]
fn the_page_on_privacy_names_every_rule_and_variable() {
    let page = read("docs/privacy.md");
    for name in RULES.iter().chain(&pii::RULES).chain(&[SENSITIVE_FILE]).chain(&VARIABLES) {
        assert!(page.contains(&format!("`{name}`")), "docs/privacy.md does not name `{name}`");
    }
}

#[test]
fn links_and_paths_lead_somewhere() {
    for name in WRITTEN.iter().chain(MADE) {
        let text = read(name);
        let beside = root().join(name).parent().map(Path::to_owned).unwrap_or_default();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let path = link.split('#').next().unwrap_or_default();
            assert!(beside.join(path).exists(), "{name} links to {link}, which is not there");
        }
        let quoted = text.split('`').skip(1).step_by(2);
        for path in quoted.filter(|quoted| is_path(quoted)) {
            assert!(root().join(path).exists(), "{name} names `{path}`, which is not there");
        }
    }
}

/// A file or folder of the repository, by its full path.
fn is_path(quoted: &str) -> bool {
    const FOLDERS: [&str; 7] = ["bench/", "crates/", "docs/", "fixtures/", "frozen/", "tests/", "web/"];
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    FOLDERS.iter().any(|folder| quoted.starts_with(folder)) && quoted.chars().all(is_plain)
}

#[test]
fn queries_in_documents_run() {
    let queries: Vec<(&str, String)> = WRITTEN
        .iter()
        .chain(MADE)
        .flat_map(|name| queries_in(&read(name)).into_iter().map(move |query| (*name, query)))
        .collect();
    assert!(queries.len() > 3, "only {} queries were found", queries.len());
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let options = Options {
            root: Root::folder(folder.path()).expect("a root"),
            app_id: "documents".to_owned(),
            dedupe_window: 10,
            clock: Clock::default(),
        };
        let lake = Lake::open(options).await.expect("a lake");
        let engine = Engine::start(lake, Limits::default(), runtime.handle().clone()).expect("an engine");
        let tenant = Tenant::new("default").expect("a tenant");
        for (name, query) in queries {
            if let Err(error) = engine.sql(&tenant, &query, Vec::new()).await {
                panic!("a query in {name} does not run: {error}\n{query}");
            }
        }
    });
}

/// Blocks marked `sql`, what `modlake sql "…"` is given, and what curl sends as `{"query": …}`.
fn queries_in(text: &str) -> Vec<String> {
    let blocks = text.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next());
    let typed = text.lines().filter_map(|line| Some(line.trim().strip_prefix("modlake sql \"")?.rsplit_once('"')?.0));
    let sent = text.split("-d '").skip(1).filter_map(|rest| {
        let body: serde_json::Value = serde_json::from_str(rest.split('\'').next()?).ok()?;
        body.get("query")?.as_str().map(str::to_owned)
    });
    let blocks = blocks.flat_map(|block| block.split(';')).map(str::trim).filter(|query| !query.is_empty());
    blocks.chain(typed).map(str::to_owned).chain(sent).collect()
}

/// A setting's text, taken apart.
struct Parts {
    meaning: &'static str,
    default: Option<&'static str>,
}

impl Parts {
    fn of(setting: &Setting) -> Self {
        match setting.doc.split_once(" [default: ") {
            Some((meaning, rest)) => Self { meaning, default: rest.strip_suffix(']') },
            None => Self { meaning: setting.doc, default: None },
        }
    }
}

fn settings_page() -> String {
    let mut page = format!(
        "# Settings

<!-- Made from crates/server/src/config/settings.rs. Write it anew with: {ACCEPT} -->

Every setting of `modlaked` is a flag, an environment variable and a key of a TOML file. A flag beats a variable, a variable
beats the file, the file beats the default. An unknown key in the file is an error that names the nearest known one.

The file is what `--config` or `MODLAKE_CONFIG` names, else `modlake.toml` in the working directory where there is one. Keys
with a dot are tables:

```toml
{EXAMPLE}```

Sizes are bytes, or a number with a unit: `64MiB`, `64MB`. Seconds may have a fraction. Lists are TOML lists in the file and
separated by commas elsewhere. Truth values are `true`, `1`, `false`, `0`.

| key in the file | flag | variable | default | meaning |
|---|---|---|---|---|
"
    );
    for setting in SETTINGS {
        let Parts { meaning, default } = Parts::of(setting);
        let default = default.map_or(String::new(), |default| format!("`{default}`"));
        let (flag, variable) = (setting.flag(), setting.variable());
        writeln!(page, "| `{}` | `--{flag}` | `{variable}` | {default} | {meaning} |", setting.key)
            .expect("a text takes more");
    }
    page.push_str(
        "
The `modlaked keys` commands take `data_dir` only, the `modlaked redaction` commands `redaction.…` only.

Rules of your own stand in the file alone, as `[[redaction.rules]]`; [privacy.md](privacy.md) says what they are and how they are
checked.

## The variables of the capture policy

The names `CODING_AGENT_…` in brackets above are variables too; [privacy.md](privacy.md) says what they do. For them `true` and
`1` are true and every other text is false. Where both names are set, the `CODING_AGENT_…` one wins, and a flag beats both:

",
    );
    for name in VARIABLES {
        writeln!(page, "- `{name}`").expect("a text takes more");
    }
    page.push_str(
        "
## The client

`modlake` reads `~/.modlake/config.json` (`{\"server\": \"…\", \"key\": \"…\", \"hooks\": {…}}`, mode 0600), whose server and key
`modlake config set` writes.

| what | taken from, first found first |
|---|---|
| server | `--server`, `MODLAKE_SERVER`, the file, `http://127.0.0.1:4318` |
| key | `MODLAKE_API_KEY`, `MODA_API_KEY`, the file |
| what `modlake hook` keeps beyond metadata | the `CODING_AGENT_…` variables above, the file: `\"hooks\": {\"capture_prompts\": true, \"capture_output_snippets\": true, \"capture_commands\": true}`, nothing |

`NO_COLOR` set to anything but the empty text turns colour off.
",
    );
    page
}

const JSON: &str = "\
## JSON

Operators and functions look into text that is JSON: columns marked so, and any other.

```sql
SELECT data->'page'->>'host' AS host, count(*) AS times, avg((data->>'words')::int) AS words
FROM product_events
WHERE data->>'event' = 'translate' AND data ? 'words'
GROUP BY data->'page'->>'host';
```

| | gives | where it is not so |
|---|---|---|
| `data->'key'`, `data->>'key'`, `data->0`, `data->-1`, `json_get(data, …)` | the value as text: that of a string, the JSON of all else | null; JSON's `null` too |
| `data #> '{a,0,b}'`, `data #>> array['a', '0', 'b']` | the same, at the end of a path | null |
| `data ? 'key'`, `json_contains(data, …)` | whether there is such a key or place | false |
| `json_get_str(data, …)`, `json_get_int`, `json_get_float`, `json_get_bool` | a text, a whole number, a number, true or false | null |
| `json_get_json(data, …)` | the value as it is written, a string in its quotes | null |
| `json_get_array(data, …)` | a list of what is in a list, each as it is written: `unnest` makes rows of it | null |
| `json_object_keys(data, …)`, `json_length(data, …)` | a list of an object's keys; how many there are in an object or a list | null |

`…` is a path of keys and places, none for the whole: `json_get_int(data, 'page', 'tags', 0)`. As in PostgreSQL the operators bind
closer than `=` and looser than `::`, so a cast takes brackets: `(data->>'words')::int`. It refuses what is no number;
`try_cast(data->>'words' AS int)` and `json_get_int` give null. Unlike in PostgreSQL, `->` gives text as `->>` does, not a string in
its quotes, so that it compares, groups and joins; and a string that holds JSON is looked into like any other text. Text that is not JSON, or is nested
deeper than 200 levels, has no values. Of keys alike the first counts.
";

fn tables_page() -> String {
    let mut page = format!(
        "# Tables

<!-- Made from crates/record/src/dictionary.rs and crates/query/src/views. Write it anew with: {ACCEPT} -->

A query names a table plainly or in the schema `moda`: `coding_agent_events` and `moda.coding_agent_events` are one. It sees the
rows of its key's tenant, those of the last second included. `traces`, `traces_rejected` and the views on them are in the schema
`moderne_bi`, too, the two tables with one column more: `org`, the tenant. [traces.md](traces.md) tells about them. `SHOW TABLES` and `information_schema.columns` list what is here.

```sql
SELECT timestamp, source, http_status, raw_event
FROM moda.events_raw
WHERE source = 'otlp' OR source = 'coding_agent_hook'
ORDER BY timestamp DESC
LIMIT 50;
```

On disk a table is a Delta table, `<data_dir>/lake/tables/<table>`, whose Parquet files lie in one folder per value of the
partition columns. Timestamps are microseconds in UTC, durations (`…_ms`) whole milliseconds, money (`…_usd`) doubles.
Text marked JSON holds one JSON value. Every column may be null. A version of modlake that knows more columns adds them.

{JSON}
## Partition columns

Every table has these besides its own; all are text.

| column | meaning |
|---|---|
"
    );
    for (name, doc) in PARTITION_COLUMNS {
        writeln!(page, "| `{name}` | {doc} |").expect("a text takes more");
    }
    for table in TABLES {
        let sort: Vec<String> = table.sort.iter().map(|column| format!("`{}`", column.name)).collect();
        let (doc, time, sort) = (table.doc.trim(), table.time.name, sort.join(", "));
        write!(
            page,
            "\n## `{}`\n\n{doc}\n\nThe day of `{time}` is its partition; rows lie within a file by {sort}.\n\n\
             | column | type | meaning |\n|---|---|---|\n",
            table.name
        )
        .expect("a text takes more");
        for column in table.columns {
            writeln!(page, "| `{}` | {} | {} |", column.name, column.kind.as_str(), column.doc)
                .expect("a text takes more");
        }
    }
    let deployments = CATALOG_TABLES.map(|table| (table.name, table.doc.trim(), table.columns, "deployments.md"));
    let records = (RECORDS.name, RECORDS.doc, RECORDS.columns, "databases.md");
    for (name, doc, columns, about) in std::iter::once(records).chain(deployments) {
        write!(
            page,
            "\n## `{name}`\n\n{doc} It is not of the lake: its rows lie in the catalog and are in no file, and it has no \
             partition columns. [{about}]({about}) tells about it.\n\n| column | type | meaning |\n|---|---|---|\n",
        )
        .expect("a text takes more");
        for column in columns {
            writeln!(page, "| `{}` | {} | {} |", column.name, column.kind.as_str(), column.doc)
                .expect("a text takes more");
        }
    }
    page.push_str(VIEWS_INTRODUCTION);
    for view in &VIEWS {
        let (name, doc) = (view.name, view.doc());
        write!(page, "\n## `{name}`\n\n{doc}\n\n| column | type | meaning |\n|---|---|---|\n")
            .expect("a text takes more");
        for column in view.columns() {
            writeln!(page, "| `{}` | {} | {} |", column.name, column.kind, column.doc).expect("a text takes more");
        }
    }
    page.push_str(PRICES_INTRODUCTION);
    for (name, kind, doc) in PRICE_COLUMNS {
        writeln!(page, "| `{name}` | {kind} | {doc} |").expect("a text takes more");
    }
    page
}

const VIEWS_INTRODUCTION: &str = "
# Views

One thing often arrives three times: as a log record, a span and a hook, and again when an agent's own files are imported. These
views count it once, with the best value of each column, and `signals` says who saw it. They are named as tables are.

```sql
SELECT repo, day, sum(cost_usd) AS cost_usd, sum(total_tokens) AS tokens
FROM costs
GROUP BY repo, day
ORDER BY cost_usd DESC
LIMIT 20;

SELECT tool_name, count(*) AS calls, count(*) FILTER (WHERE NOT success) AS failures
FROM tool_calls
GROUP BY tool_name
ORDER BY calls DESC;
```

A condition on `provider` or `session_id` narrows what is read; one on a time does not, since a thing is known whole or not at all.
";

const PRICES_INTRODUCTION: &str = "
## `prices`

What models cost, for requests whose client does not say: the shipped list, or the file that `query.prices_file` names. That file
is CSV with these columns in this order; lines that begin with `#` are skipped, and an error names the line. An unknown model has no
cost rather than a guessed one. Cache writes are priced as those that live five minutes.

| column | type | meaning |
|---|---|---|
";

/// Compares the file with what it is to be, or writes it.
fn check(name: &str, expected: &str) {
    let path = root().join(name);
    if config::variable("UPDATE_DOCS").is_some_and(|value| !value.is_empty()) {
        fs::write(&path, expected).expect("the page is written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    let line = differs.unwrap_or(found.lines().count().min(expected.lines().count())) + 1;
    assert!(found == expected, "{name} is not what the code says, from line {line}; accept with: {ACCEPT}");
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
