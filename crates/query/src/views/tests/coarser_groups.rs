//! Grouping by less than a view does changes no answer.

use super::*;

/// Events and errors of some people with some deployments over three days, some without a name or a label.
async fn house() -> House {
    let mut house = House::new().await;
    let maybe = |is: bool, text: String| if is { json!(text) } else { Value::Null };
    let rows = |count: i32| {
        (0..count).map(move |n| {
            json!({
                "at": f64::from(n % 50) * 5_000.0, "deployment_id": format!("d{}", n % 3),
                "mod_id": "@acme/refunds", "mod_version": maybe(n % 7 > 0, format!("1.{}.0", n % 2)), "n": n,
                "label": maybe(n % 5 > 0, format!("l{}", n % 2)),
                "user_email": maybe(n % 11 > 0, format!("p{}", n % 6)),
                "held_back": maybe(n % 13 == 0, String::new()).as_str().map(|_| n),
            })
        })
    };
    let named = |mut row: Value| {
        row["signal"] = json!("product_events");
        row["event_name"] = json!(format!("e{}", row["n"].as_i64().expect("a number") % 4));
        row
    };
    house.send_to(&product_events::TABLE, "acme", &rows(200).map(named).collect::<Vec<_>>());
    house.send_to(&product_errors::TABLE, "acme", &rows(60).collect::<Vec<_>>());
    house
}

/// What the dashboard asks.
const ACTIVITY: &str = "(select deployment_id, mod_version, person, events, held_back, 0 as errors, last_at from deployment_engagement \
    where hour >= timestamp '2026-01-01T05:00:00Z' union all \
    select deployment_id, mod_version, person, 0, 0, 1, event_time from deployment_errors where not is_cleared union all \
    select deployment_id, mod_version, null, 0, 0, 0, last_seen_at from deployment_users) as activity";

/// Queries, and by how many columns each groups at most within the view, of its ten.
const QUERIES: [(&str, usize); 24] = [
    (
        "select deployment_id, sum(events) as n, count(distinct person) as p, max(last_at) as l {view} group by 1 order by 1",
        2,
    ),
    (
        "select date_trunc('day', hour) as b, event_name, sum(events) as n, sum(held_back) as h {view} group by 1, 2 order by 1, 2",
        2,
    ),
    (
        "select person, sum(events) as n, count(distinct day) as d, max(last_at) as l {view} where deployment_id = 'd1' group by 1 order by 1",
        3,
    ),
    ("select event_name, label, count(distinct person) as p, sum(events) as n {view} group by 1, 2 order by 1, 2", 3),
    ("select sum(events) as n, sum(held_back) as h {view} where person = 'p1'", 2),
    ("select sum(events) as n, max(last_at) as l {view} where person = 'nobody'", 2),
    ("select sum(events) as n {view}", 2),
    ("select distinct person, day {view} order by 1, 2", 2),
    ("select max(person) as m, min(day) as d, sum(events) filter (where label = 'l1') as n {view}", 3),
    ("select day, array_agg(distinct mod_version order by mod_version) as v {view} group by day order by 1", 2),
    (
        "select deployment_id, n from (select deployment_id, sum(events) as n {view} group by 1) where n > 60 order by 1",
        1,
    ),
    ("select count(distinct person) as p, sum(events) as n, sum(errors) as e, sum(held_back) as h from {activity}", 2),
    (
        "select deployment_id, max(mod_version) as v, count(distinct person) as p, sum(events) as n, sum(errors) as e, max(last_at) as l from {activity} group by 1 order by 1",
        4,
    ),
    // these see the groups
    ("select day, count(*) as n, sum(events) as e {view} group by day order by 1", 10),
    ("select avg(events) as a, sum(held_back) as h {view}", 10),
    ("select max(events) as m, min(events) as l {view}", 10),
    ("select sum(distinct events) as s {view}", 10),
    ("select sum(events + 1) as s, sum(1) as o {view}", 10),
    ("select sum(n) as s from (select events as n {view} where events > 1)", 10),
    ("select events, count(distinct person) as p {view} group by events order by 1", 10),
    ("select sum(case when label = 'l1' then events else 0 end) as s {view}", 10),
    ("select min(last_at) as m {view}", 10),
    ("select day, person, sum(events) as n {view} group by rollup (day, person) order by 1, 2, 3", 10),
    (
        "select sum(n) as n from (select events as n, row_number() over (partition by person order by hour) as r {view}) where r = 1 or n > 0",
        10,
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn sums_of_sums_are_the_same_of_coarser_groups() {
    let house = house().await;
    let engine = house.engine.clone().without_rule("coarser_groups");
    let plain =
        House { engine, lake: house.lake.clone(), sequence: 0, _folder: tempfile::tempdir().expect("a folder") };
    for (query, keys) in QUERIES {
        let query = query.replace("{view}", "from deployment_engagement").replace("{activity}", ACTIVITY);
        assert_eq!(house.ask(&query).await, plain.ask(&query).await, "{query}");
        let plan = house.ask(&format!("explain {query}")).await[0]["plan"].as_str().expect("a plan").to_owned();
        let is_of_view = |line: &&str| line.contains("groupBy=[[") && line.contains("product_events.");
        let groups =
            plan.lines().filter(is_of_view).filter_map(|line| line.split("groupBy=[[").nth(1)?.split("]]").next());
        let most = groups.map(top_level).max().expect("a grouping");
        assert!(if keys == 10 { most == 10 } else { most <= keys }, "{query}: {most}\n{plan}");
    }
}

/// How many expressions a list of them has.
fn top_level(list: &str) -> usize {
    let mut depth = 0_usize;
    let commas = list.chars().filter(|c| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        *c == ',' && depth == 0
    });
    commas.count() + 1
}
