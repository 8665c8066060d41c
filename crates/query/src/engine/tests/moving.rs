//! Rows on their way from memory to committed files are seen once, with all their cells, whichever way a query takes to them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// Rows of one append; every third append is large enough for several pages of a column.
fn rows_of(append: u64) -> u64 {
    if append.is_multiple_of(3) { 3_000 } else { 7 }
}

const APPENDS: u64 = 36;

fn command(row: u64) -> Option<String> {
    (!row.is_multiple_of(4)).then(|| if row.is_multiple_of(5) { format!("printf {row}") } else { "printf".to_owned() })
}

fn tool(row: u64) -> Option<&'static str> {
    [Some("Bash"), None, Some("exec_command")][usize::try_from(row % 3).expect("small")]
}

/// Of a thousand rows in a row, so that small files have one or none: what a file's statistics give for the whole column.
fn session(row: u64) -> Option<String> {
    (!(row / 1_000).is_multiple_of(4)).then(|| format!("session-{}", row / 1_000))
}

fn is_received(row: u64) -> bool {
    !(row / 1_000).is_multiple_of(3)
}

fn write(rows: &mut Rows, row: u64) {
    let at = i64::try_from(row).expect("small");
    rows.text(events::EVENT_ID, &format!("{row:032x}"));
    // three days in turn, so that one commit has several files
    rows.timestamp(events::EVENT_TIME, Timestamp(1_767_297_600_000_000 + (at % 3) * 86_400_000_000 + at));
    if let Some(session) = session(row) {
        rows.text(events::SESSION_ID, &session);
    }
    if is_received(row) {
        rows.timestamp(events::RECEIVED_AT, Timestamp(1_767_297_600_000_000));
    }
    rows.text(events::SIGNAL, if row.is_multiple_of(2) { "traces" } else { "logs" });
    rows.int(events::INPUT_TOKENS, at);
    if let Some(tool) = tool(row) {
        rows.text(events::TOOL_NAME, tool);
    }
    if let Some(command) = command(row) {
        rows.text(events::COMMAND, &command);
    }
    rows.text(
        events::ATTRIBUTES,
        &format!("{{\"row\":{row},\"pad\":\"{}\"}}", "x".repeat(usize::try_from(row % 97).expect("small"))),
    );
    rows.end_row(None);
}

const CELLS: &str = "select input_tokens as n, event_id, received_at is not null as is_received, session_id, signal, tool_name, command, attributes, tenant, day";

/// What asks, and which of the rows it is for.
type Question = (&'static str, fn(u64) -> bool);

const QUESTIONS: [Question; 10] = [
    ("", |_| true),
    ("where signal = 'traces'", |row| row.is_multiple_of(2)),
    ("where command is not null", |row| command(row).is_some()),
    ("where signal = 'traces' and tool_name = 'Bash'", |row| row.is_multiple_of(2) && tool(row) == Some("Bash")),
    ("where command like 'printf%' and session_id = 'session-3' and signal <> 'logs'", |row| {
        command(row).is_some() && row / 1_000 == 3 && row.is_multiple_of(2)
    }),
    ("where session_id is null and command is not null", |row| session(row).is_none() && command(row).is_some()),
    ("where received_at > '2020-01-01' and session_id > 'session' and tool_name = 'Bash'", |row| {
        is_received(row) && session(row).is_some() && tool(row) == Some("Bash")
    }),
    ("where lower(tool_name) = 'exec_command' and input_tokens >= 0", |row| tool(row) == Some("exec_command")),
    ("where day = '02' and attributes like '%\"row\"%'", |row| row % 3 == 1),
    // the filter of the best so far is learned while it runs
    ("where signal = 'traces' order by event_time desc, event_id limit 100000", |row| row.is_multiple_of(2)),
];

/// Reads until `done`; returns how many answers it checked. `sure`: rows below it are appended.
async fn read(house: &House, engine: &Engine, sure: &AtomicU64) -> usize {
    let mut answers = 0;
    let tenant = Tenant::new("acme").expect("valid");
    let all: u64 = (0..APPENDS).map(rows_of).sum();
    let mut last = false;
    while !last {
        last = sure.load(Ordering::SeqCst) == all && house.lake.status().iter().all(|table| table.pending_rows == 0);
        for (filter, wanted) in QUESTIONS {
            let least = sure.load(Ordering::SeqCst);
            let query = format!("{CELLS} from coding_agent_events {filter}");
            let answer = engine.sql(&tenant, &query, vec![]).await.expect("answers");
            let text = crate::format::Format::Json.write(&answer).expect("writes");
            let answer: Value = serde_json::from_slice(&text).expect("JSON");
            let mut seen: Vec<u64> =
                answer["rows"].as_array().expect("rows").iter().map(|row| check(row, filter)).collect();
            seen.sort_unstable();
            let twice = seen.windows(2).find(|pair| pair[0] == pair[1]);
            assert_eq!(twice, None, "a row is there twice: {filter}");
            assert!(seen.iter().all(|row| wanted(*row)), "a row that was not asked for: {filter}");
            let missing = (0..least).filter(|row| wanted(*row)).find(|row| seen.binary_search(row).is_err());
            assert_eq!(missing, None, "a row is not there: {filter}");
            answers += 1;
        }
    }
    answers
}

/// The row's number, all its cells being right.
fn check(cells: &Value, filter: &str) -> u64 {
    let row = cells["n"].as_u64().unwrap_or_else(|| panic!("no number: {cells} {filter}"));
    let expected = json!({
        "n": row,
        "event_id": format!("{row:032x}"),
        "session_id": session(row),
        "is_received": is_received(row),
        "signal": if row.is_multiple_of(2) { "traces" } else { "logs" },
        "tool_name": tool(row),
        "command": command(row),
        "attributes": cells["attributes"],
        "tenant": "acme",
        "day": format!("{:02}", 1 + row % 3),
    });
    assert_eq!(*cells, expected, "{filter}");
    let attributes = cells["attributes"].to_string();
    assert!(
        attributes.contains(&format!("row\\\":{row},")) || attributes.contains(&format!("\"row\":{row},")),
        "{attributes}"
    );
    row
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_on_their_way_to_files_are_seen_once_and_whole() {
    let house = Arc::new(empty_house().await);
    let plain = house.engine.clone().without_pushdown();
    let sure = Arc::new(AtomicU64::new(0));
    let writer = tokio::spawn({
        let (house, sure) = (Arc::clone(&house), Arc::clone(&sure));
        async move {
            let mut next = 0;
            for append in 0..APPENDS {
                let mut rows = Rows::new(&events::TABLE);
                (next..next + rows_of(append)).for_each(|row| write(&mut rows, row));
                next += rows_of(append);
                house.lake.append(vec![(prefix("acme"), rows)], append + 1).expect("appends");
                sure.store(next, Ordering::SeqCst);
                if append % 2 == 1 {
                    house.lake.flush().await.expect("commits");
                }
            }
            house.lake.flush().await.expect("commits");
        }
    });
    let (pushed, unpushed) = tokio::join!(read(&house, &house.engine, &sure), read(&house, &plain, &sure));
    writer.await.expect("writes");
    assert!(pushed >= QUESTIONS.len() && unpushed >= QUESTIONS.len(), "{pushed} {unpushed}");
}
