//! Trace files: a stage counts once however many commands repeat it.

use super::*;

fn row(kind: &str, at: f64, cells: Value) -> Value {
    let mut row = json!({
        "type": kind, "at": at, "command_id": format!("{kind}-command"), "origin": "h", "path": "p", "branch": "b",
    });
    let Value::Object(cells) = cells else { panic!("not an object") };
    row.as_object_mut().expect("an object").extend(cells);
    row
}

async fn house(rows: &[Value]) -> House {
    let mut house = House::new().await;
    house.send_to(&traces::TABLE, "acme", rows);
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_row_tells_of_a_stage() {
    let house = house(&[
        row("push", 4.0, json!({"buildid": "b1", "buildoutcome": "Skipped", "runid": "r1"})),
        row("build", 1.0, json!({"buildid": "b1", "buildoutcome": "Failed"})),
        row(
            "run",
            2.0,
            json!({"buildid": "b1", "buildoutcome": "Succeeded", "runid": "r1", "runoutcome": "Succeeded"}),
        ),
        row("run", 2.0, json!({"buildid": "b1", "buildoutcome": "Succeeded", "runid": "r1", "path": "q"})),
    ])
    .await;
    let builds = house.ask("select build_id, path, outcome, told_by from builds order by path").await;
    let expected = json!([
        {"build_id": "b1", "path": "p", "outcome": "Failed", "told_by": "build"},
        {"build_id": "b1", "path": "q", "outcome": "Succeeded", "told_by": "run"},
    ]);
    assert_eq!(builds, expected);
    let runs = house.ask("select count(*) as n, count(distinct run_id) as commands from runs").await;
    assert_eq!(runs, json!([{"n": 2, "commands": 1}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_an_id_of_its_own_counts_by_its_file() {
    let house = house(&[
        row("build", 1.0, json!({"buildoutcome": "Succeeded"})),
        row("build", 1.0, json!({"buildoutcome": "Succeeded", "path": "q"})),
        row("build", 1.0, json!({"syncoutcome": "Failed", "path": "never built"})),
        row("run", 1.0, json!({"buildoutcome": "Succeeded"})),
    ])
    .await;
    let builds = house.ask("select build_id, path from builds order by path").await;
    assert_eq!(builds, json!([{"build_id": "build-command", "path": "p"}, {"build_id": "build-command", "path": "q"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_are_all_named_and_a_downloaded_lst_is_no_build_here() {
    let house = house(&[
        row("build", 1.0, json!({"buildid": "b1", "buildmavenversion": "3.9", "buildnodeversion": "22"})),
        row("run", 1.0, json!({"buildid": "b2", "synclstdownloaduri": "https://x/y.jar"})),
    ])
    .await;
    let builds = house.ask("select build_id, build_tools, is_local from builds order by 1").await;
    let expected = json!([
        {"build_id": "b1", "build_tools": "maven,node", "is_local": true},
        {"build_id": "b2", "build_tools": "", "is_local": false},
    ]);
    assert_eq!(builds, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_saved_counts_with_its_first_successful_commit() {
    let saved = |id: &str, outcome: &str, at: i64| {
        json!({
            "commitid": id, "commitoutcome": outcome, "commitstarttime": at, "runid": "r1",
            "runestimatedefforttimesavingsms": 100,
        })
    };
    let house = house(&[
        row("commit", 1.0, saved("c1", "Skipped", 1)),
        row("commit", 2.0, saved("c2", "Succeeded", 2)),
        row("commit", 3.0, saved("c3", "Succeeded", 3)),
        row("push", 4.0, saved("c2", "Succeeded", 2)),
    ])
    .await;
    let commits = house.ask("select commit_id, time_saved_ms from commits order by 1").await;
    assert_eq!(commits, json!([{"commit_id": "c1"}, {"commit_id": "c2", "time_saved_ms": 100}, {"commit_id": "c3"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_the_tenant_as_org() {
    let house = house(&[row("build", 1.0, json!({"buildid": "b1"}))]).await;
    let query = "select org, tenant, path from moderne_bi.traces where org = 'acme' and year = '2026' and day = '01'";
    assert_eq!(house.ask(query).await, json!([{"org": "acme", "tenant": "acme", "path": "p"}]));
    assert_eq!(house.ask("select * from moderne_bi.traces where org = 'other'").await, json!([]));
}
