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
    for chain in [
        " -> 'a'",
        " ->> 0",
        " #> '{a}'",
        " ? 'a'",
        " + 1",
        " and true",
        "::int",
        " union all select 1",
        " || 'x'",
        " is null",
    ] {
        let query = format!("select 1{}", chain.repeat(200));
        assert!(matches!(check(&query, 100), Err(QueryError::Limit { .. })), "{query}");
    }
    let list = format!("select 1 in ({}1)", "1, ".repeat(5_000));
    check(&list, 100).expect("one operator");
}

#[test]
fn a_part_counts_each_time_it_is_named() {
    let chain = |levels: usize, twice: &str| {
        let parts = (1..=levels).map(|n| format!("t{n} as ({})", twice.replace('$', &format!("t{}", n - 1))));
        format!("with t0 as (select 1 as n), {} select * from t{levels}", parts.collect::<Vec<_>>().join(", "))
    };
    for twice in [
        "select * from $ union all select * from $",
        "select a.n from $ a, $ b",
        "select (select max(n) from $) + n as n from $",
    ] {
        check(&chain(4, twice), 100).expect(twice);
        assert!(matches!(check(&chain(30, twice), 2_000), Err(QueryError::Limit { .. })), "{twice}");
    }
    check(&chain(40, "select n + 1 as n from $"), 500).expect("a part that is named once");
    check("with t as (select 1) select * from public.t, T", 100).expect("few");
}

#[test]
fn arguments_of_table_functions_are_plain() {
    for query in [
        "select * from generate_series(1, 10 + -5)",
        "select * from generate_series(now() - interval '7 days', now(), interval '1 day')",
        "select * from generate_series('2026-01-01'::timestamp, timestamp '2026-02-01', interval '1 day')",
    ] {
        check(query, 100).expect(query);
    }
    for query in [
        "select * from generate_series(1, length(repeat('x', 100000000)))",
        "select * from generate_series(1, length('x' || 'y'))",
        "select * from lateral generate_series(1, length(repeat('x', 100000000)))",
        "select * from coding_agent_events, range(0, (select max(input_tokens) from coding_agent_events))",
    ] {
        assert!(matches!(check(query, 100), Err(QueryError::Refused(_))), "{query}");
    }
}

#[test]
fn operators_on_json_bind_closer_than_what_compares_and_looser_than_casts() {
    for (query, meant) in [
        ("select d->'a' = 'x'", "select (d->'a') = 'x'"),
        ("select d->>'a' is null and not d ? 'b'", "select ((d->>'a') is null) and (not (d ? 'b'))"),
        ("select 'x' || d->'a'->>0 || 'y'", "select ('x' || ((d->'a')->>0)) || 'y'"),
        ("select d->'n' + 1 > d#>>'{a,b}'", "select ((d->'n') + 1) > (d #>> '{a,b}')"),
        (
            "select d->'a' between 1 and 2 or d->'a' like 'x%'",
            "select ((d->'a') between 1 and 2) or ((d->'a') like 'x%')",
        ),
        ("select d#>>array['a']::text[]", "select d #>> (array['a']::text[])"),
    ] {
        assert_eq!(tree(query), tree(meant), "{query}");
    }
}

/// The statement without the brackets that were written.
fn tree(query: &str) -> String {
    use std::ops::ControlFlow;

    use datafusion::logical_expr::sqlparser::ast::{Expr, VisitMut, VisitorMut};

    struct Unwrap;
    impl VisitorMut for Unwrap {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            while let Expr::Nested(inner) = expr {
                *expr = (**inner).clone();
            }
            ControlFlow::Continue(())
        }
    }
    let Statement::Statement(mut sql) = check(query, 100).expect(query) else { panic!("{query}") };
    assert!(VisitMut::visit(&mut *sql, &mut Unwrap).is_continue());
    // with its places in the text removed
    format!("{sql:?}").split("Location").map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect()
}

#[test]
fn all_else_is_understood_as_the_generic_dialect_does() {
    for query in [
        "select * exclude (a) from t where n<-1 and n::int[1] = 2",
        "select `a b`, \"c\", 'it''s', e'x\\n', u&'\\0061', x'00', n'x' from t as `t`",
        "select [1, 2][1], {'a': 1}, map {'a': 1}, array[1] || 2, interval '1 day', date '2026-01-01'",
        "select sum(n) filter (where n > 1) over (partition by a order by b rows between 1 preceding and current row) from t",
        "select a from t group by all, grouping sets ((a), ()) having count(*) > 1 order by all limit 5, 10",
        "select listagg(a, ',') within group (order by a) from t qualify row_number() over () = 1",
        "select a ~ 'x', a !~* 'x', a ilike 'x', a similar to 'x', a & b | c ^ d << 2, a @> b, a div 2, a % 2 from t",
        "with recursive r as (select 1) select * from r natural join s left semi join u using (a), lateral (select 1) as l",
        "select case a when 1 then 2 end, cast(a as decimal(10, 2)), try_cast(a as int), extract(day from a), substring(a from 1 for 2), trim(both 'x' from a)",
        "select * from t tablesample bernoulli (10), unnest([1]) with ordinality as u (a, b) where (a, b) in ((1, 2)) and exists (select 1)",
        "values (1, 'a'), (2, $1)",
    ] {
        let generic = datafusion::sql::parser::DFParser::parse_sql(query).map(|mut all| all.pop_front());
        match (generic, check(query, 200)) {
            (Ok(generic), Ok(ours)) => assert_eq!(format!("{generic:?}"), format!("{:?}", Some(ours)), "{query}"),
            (Err(_), Err(QueryError::Invalid(_))) => {}
            (generic, ours) => panic!("{query}: {generic:?}, {ours:?}"),
        }
    }
}
