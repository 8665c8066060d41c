use record::dictionary::traces as dictionary;

use super::*;

/// The columns of the table that the first guide to CSV telemetry declares, in its order.
const FIRST_GUIDE: &str = "origin path branch developer syncoutcome synccloneuri synclstdownloaduri syncstarttime syncendtime \
     syncchangeset syncelapsedtimems buildoutcome buildstarttime buildendtime buildid builddependencyresolutiontimems \
     buildchangeset buildmavenversion buildgradleversion buildbazelversion builddotnetversion buildpythonversion \
     buildnodeversion buildosname buildosversion buildoseol buildgitautocrlf buildgiteol buildsourcefilecount buildlinecount \
     buildparseerrorcount buildweight buildmaxweight buildmaxweightsourcefile buildcliversion buildelapsedtimems organization";

fn request(engine: Engine, format: Format) -> Request {
    let location = match engine {
        Engine::BigQuery => "gs://bucket/lake",
        Engine::Synapse => "abfss://container@account.dfs.core.windows.net/lake",
        _ => "s3://bucket/lake",
    };
    Request {
        engine,
        format,
        layout: Layout::Lake,
        tables: Vec::new(),
        location: Location::parse(location).expect("a location"),
        owner: "acme".to_owned(),
        day: Day { year: 2026, month: 2, day: 24 },
    }
}

fn written(request: &Request) -> String {
    script(request).expect("a script")
}

/// A script of CSV without the tables of all types but `build`, and without most columns: they repeat each other.
fn excerpt(script: &str) -> String {
    let other =
        |text: &str| traces::TYPES.iter().any(|(kind, _)| *kind != "build" && text.contains(&format!("traces_{kind}")));
    let statements: Vec<&str> = script.split(";\n").filter(|statement| !other(statement)).collect();
    let is_kept = |line: &&str| {
        let stages = ["sync", "build", "run", "apply", "add", "commit", "push", "publish", "exec", "mcp"];
        let line = line.trim_start().trim_start_matches("NULL::VARCHAR AS ");
        let spelled = line.trim_start_matches(|c: char| "['".contains(c));
        let is_column = stages.iter().any(|stage| spelled.starts_with(stage) && !spelled.starts_with("syncoutcome,"));
        !is_column || spelled.starts_with("buildoutcome") || spelled.starts_with("buildelapsedtimems")
    };
    let text = statements.join(";\n");
    let kept: Vec<&str> = text.lines().filter(is_kept).collect();
    kept.join("\n")
}

#[test]
fn delta_scripts() {
    for engine in Engine::ALL {
        insta::assert_snapshot!(format!("delta_{engine}"), written(&request(engine, Format::Delta)));
    }
}

#[test]
fn csv_scripts() {
    for engine in Engine::ALL {
        insta::assert_snapshot!(format!("csv_{engine}"), excerpt(&written(&request(engine, Format::Csv))));
    }
}

#[test]
fn csv_of_the_first_wrapper() {
    let request =
        Request { layout: Layout::Org, owner: "my-company".to_owned(), ..request(Engine::Athena, Format::Csv) };
    insta::assert_snapshot!("csv_athena_org", excerpt(&written(&request)));
}

#[test]
fn keys_with_an_hour_are_of_one_more_partition() {
    for engine in Engine::ALL {
        for (day, hour) in [(Layout::Org, Layout::OrgHour), (Layout::Tenant, Layout::TenantHour)] {
            let of = |layout: Layout| written(&Request { layout, ..request(engine, Format::Csv) });
            let (day, hour) = (of(day), of(hour));
            assert!(!day.contains("hour"), "{engine}");
            for folders in ["/month=*/day=*/hour=*/*.csv", "/month=[0-9]+/day=[0-9]+/hour=[0-9]+/[^/]+"] {
                let without = folders.replace("hour=*/", "").replace("hour=[0-9]+/", "");
                assert_eq!(hour.contains(folders), day.contains(&without), "{engine}: {folders}");
                assert!(!hour.contains(&without), "{engine}: {without}");
            }
            assert!(hour.contains("hour"), "{engine}");
        }
    }
    let athena = written(&Request { layout: Layout::OrgHour, ..request(Engine::Athena, Format::Csv) });
    for text in ["'projection.hour.range' = '0,23'", "'projection.hour.digits' = '2'", "day=${day}/hour=${hour}/'"] {
        assert!(athena.contains(text), "{text}");
    }
}

#[test]
fn a_bucket_without_a_prefix_has_its_first_partition_in_snowflake() {
    // Its objects' paths are `org=acme/type=…`, without a slash before them.
    let location = Location::parse("s3://bucket").expect("a location");
    let request = Request { layout: Layout::Org, location, ..request(Engine::Snowflake, Format::Csv) };
    assert!(written(&request).contains("SPLIT_PART('/' || METADATA$FILENAME, '/org=', 2)"));
}

#[test]
fn a_schema_is_made_once() {
    for engine in Engine::ALL {
        let script = written(&request(engine, Format::Delta));
        for schema in ["moda", "moderne_bi"] {
            let made = script.lines().filter(|line| {
                line.starts_with("CREATE ")
                    && !line.contains(" TABLE ")
                    && !line.contains(" VIEW ")
                    && line.trim_end_matches(';').ends_with(schema)
            });
            assert!(made.count() <= 1, "{engine}: {schema}");
        }
    }
}

#[test]
fn scripts_over_a_folder() {
    for engine in [Engine::Trino, Engine::Spark, Engine::DuckDb, Engine::ClickHouse] {
        let location = Location::parse("/srv/lake/").expect("a folder");
        let tables = vec!["events_raw".to_owned()];
        let request = Request { tables, location, ..request(engine, Format::Delta) };
        insta::assert_snapshot!(format!("folder_{engine}"), written(&request));
    }
}

#[test]
fn every_table_is_registered_and_has_a_query() {
    for engine in Engine::ALL {
        let script = written(&request(engine, Format::Delta));
        for table in TABLES {
            let name = qualified(table);
            let folder = format!("tables/{}", table.name);
            assert!(script.contains(&folder), "{engine}: {folder}");
            assert!(
                script.contains(&format!("FROM {name}\n")) || script.contains(&format!(".{name}\n")),
                "{engine}: {name}"
            );
        }
    }
}

#[test]
fn every_type_has_the_columns_of_its_current_header() {
    let widths: Vec<(&str, usize)> =
        traces::TYPES.iter().map(|(kind, stages)| (*kind, traces::columns(stages).len())).collect();
    let expected = [
        ("sync", 12),
        ("build", 37),
        ("run", 60),
        ("apply", 65),
        ("add", 70),
        ("commit", 76),
        ("push", 83),
        ("publish", 43),
        ("exec", 24),
        ("mcp", 17),
    ];
    assert_eq!(widths, expected);
    let (_, stages) = traces::TYPES[1];
    let build: Vec<&str> = traces::columns(stages).iter().map(|column| column.name).collect();
    assert_eq!(build, FIRST_GUIDE.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn spelled_columns_are_those_of_the_dictionary() {
    let table = dictionary::TABLE;
    let lower: Vec<String> = traces::SPELLED.iter().map(|name| name.to_ascii_lowercase()).collect();
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).take(lower.len()).collect();
    assert_eq!(lower, names);
}

#[test]
fn only_traces_are_csv() {
    let with = |table: &str| {
        let tables = vec![table.to_owned()];
        script(&Request { tables, ..request(Engine::DuckDb, Format::Csv) })
    };
    assert!(with("traces").is_ok());
    assert_eq!(with("events_raw"), Err(DdlError::NotCsv { name: "events_raw".to_owned() }));
    let unknown = with("trace").expect_err("no such table").to_string();
    assert!(unknown.contains("`trace`") && unknown.contains("events_raw, ") && unknown.contains("traces"), "{unknown}");
}

#[test]
fn an_engine_says_from_where_it_reads() {
    for (engine, text) in [
        (Engine::Athena, "gs://bucket"),
        (Engine::Snowflake, "/srv/lake"),
        (Engine::Synapse, "s3://bucket"),
        (Engine::BigQuery, "/srv/lake"),
        (Engine::Databricks, "az://container/lake"),
    ] {
        let location = Location::parse(text).expect("a location");
        let error =
            script(&Request { location, ..request(engine, Format::Delta) }).expect_err("out of reach").to_string();
        assert!(error.starts_with(&format!("{engine} does not read {text}")), "{error}");
        assert!(error.contains("give --location "), "{error}");
    }
}

#[test]
fn locations() {
    for (text, shown) in [
        ("s3://bucket", "s3://bucket/"),
        ("s3a://bucket/a/b/", "s3://bucket/a/b/"),
        ("gs://bucket/a", "gs://bucket/a/"),
        ("az://container/a", "az://container/a/"),
        ("abfss://c@a.dfs.core.windows.net/x", "abfss://c@a.dfs.core.windows.net/x/"),
        ("/srv/lake", "/srv/lake/"),
        ("file:///srv/lake/", "/srv/lake/"),
    ] {
        assert_eq!(Location::parse(text).expect(text).to_string(), shown);
    }
    for text in [
        "",
        "lake",
        "s3://",
        "ftp://host/x",
        "file://lake",
        "s3://b/it's",
        "s3://b/${x}",
        "/srv/*",
        "abfss://c@elsewhere/x",
        "/a\nb",
    ] {
        assert!(matches!(Location::parse(text), Err(DdlError::Location { .. })), "{text}");
    }
}

#[test]
fn an_owner_is_a_name() {
    for owner in ["", "it's", "-x", "a b", "a/b"] {
        let request = Request { owner: owner.to_owned(), ..request(Engine::DuckDb, Format::Delta) };
        assert_eq!(script(&request), Err(DdlError::Owner(owner.to_owned())));
    }
}
