use super::*;

#[test]
fn reading_is_allowed() {
    for query in [
        "select 1",
        "with t as (select 1 as n) select n from t",
        "values (1), (2)",
        "explain select 1",
        "explain analyze select 1",
        "show tables",
        "describe coding_agent_events",
        "select 'drop table x; --' as text;",
    ] {
        check(query, 100).expect(query);
    }
}

#[test]
fn everything_else_is_refused_by_name() {
    for (query, word) in [
        ("drop table coding_agent_events", "DROP"),
        ("create external table t stored as csv location '/etc/passwd'", "CREATE"),
        ("create view v as select 1", "CREATE"),
        ("copy coding_agent_events to '/tmp/x.parquet'", "COPY"),
        ("insert into coding_agent_events values (1)", "INSERT"),
        ("delete from coding_agent_events", "DELETE"),
        ("update coding_agent_events set model = 'x'", "UPDATE"),
        ("set datafusion.execution.batch_size = 1", "SET"),
        ("prepare p as select 1", "PREPARE"),
        ("explain insert into t values (1)", "EXPLAIN"),
        ("begin", "BEGIN"),
    ] {
        match check(query, 100) {
            Err(QueryError::Refused(message)) => assert!(message.starts_with(word), "{query}: {message}"),
            other => panic!("{query}: {other:?}"),
        }
    }
    for query in ["select 1; select 2", "select 1; drop table x"] {
        assert!(matches!(check(query, 100), Err(QueryError::Refused(_))), "{query}");
    }
    for query in ["", "  ", "selec 1", "-- nothing"] {
        assert!(matches!(check(query, 100), Err(QueryError::Invalid(_))), "{query}");
    }
}

#[test]
fn a_chain_is_counted_and_a_list_is_not() {
    for chain in [" + 1", " and true", "::int", " union all select 1", " || 'x'", " is null"] {
        let query = format!("select 1{}", chain.repeat(200));
        assert!(matches!(check(&query, 100), Err(QueryError::Limit { .. })), "{query}");
    }
    let list = format!("select 1 in ({}1)", "1, ".repeat(5_000));
    check(&list, 100).expect("one operator");
}
