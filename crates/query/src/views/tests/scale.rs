//! What a query does not ask for is not read.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn counting_sessions_reads_no_requests() {
    let house = House::with(&[fact("logs", "turn", Some("p"), 1.0, json!({}))]).await;
    house.lake.flush().await.expect("commits");
    let scans = async |query: &str| {
        let plan = house.ask(&format!("explain format tree {query}")).await.to_string();
        plan.matches("DataSourceExec").count()
    };
    assert_eq!(scans("select count(*) from sessions").await, 1);
    assert_eq!(scans("select provider, started_at, repo from sessions where session_id = 's'").await, 1);
    assert_eq!(scans("select count(*) from tool_calls").await, 2);
    assert!(scans("select sum(cost_usd) from sessions").await > 2);
}
