"""`modlaked ddl`: the engines that can be had here run its scripts over a real lake, and a parser reads the others' dialects."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import modlaked
import pytest
import requests as http
import sqlglot
from captured import requests_of
from deltalake import DeltaTable
from modlaked import wait_for
from sqlglot import exp

LOCATIONS = {
    "athena": "s3://bucket/lake",
    "trino": "s3://bucket/lake",
    "spark": "s3://bucket/lake",
    "snowflake": "s3://bucket/lake",
    "bigquery": "gs://bucket/lake",
    "databricks": "abfss://container@account.dfs.core.windows.net/lake",
    "synapse": "abfss://container@account.dfs.core.windows.net/lake",
    "duckdb": "s3://bucket/lake",
    "clickhouse": "s3://bucket/lake",
}
SQLGLOT_NAMES = {"synapse": "tsql"}
TABLES = ["events_raw", "coding_agent_events", "coding_agent_metrics", "traces", "traces_rejected"]
TABLES += ["product_events", "product_errors"]
# What sqlglot has no grammar for in any dialect: it says so by a Command, and what it would know must not hide there.
NO_GRAMMAR = [
    r"CALL delta\.system\.register_table\(",
    r"CALL hive\.system\.sync_partition_metadata\(",
    r"MSCK REPAIR TABLE [\w.]+$",
    r"ALTER EXTERNAL TABLE [\w.]+ REFRESH$",
    r"CREATE EXTERNAL LOCATION IF NOT EXISTS modlake\s+URL '[^']+'\s+WITH \(STORAGE CREDENTIAL modlake\)$",
    r"CREATE OR REPLACE SECRET modlake \([^()]+\)$",
    r"LOAD delta$",
    r"CREATE DATABASE SCOPED CREDENTIAL modlake WITH IDENTITY = 'Managed Identity'$",
    r"CREATE MASTER KEY ENCRYPTION BY PASSWORD = '[^']+'$",
    r"CREATE EXTERNAL DATA SOURCE modlake WITH \(\s+LOCATION = '[^']+',\s+CREDENTIAL = modlake\s+\)$",
]
DAY = "2026-02-24"


def ddl(*arguments: str) -> str:
    done = subprocess.run([modlaked.binary(), "ddl", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"modlaked ddl {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def statements(script: str) -> list[str]:
    """The statements of a script without comments, without what ends them."""
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    parts = re.split(r";\s*\n(?:GO\s*\n)?", "\n".join(lines) + "\n")
    return [part.strip() for part in parts if part.strip()]


def queries(script: str) -> list[str]:
    return [statement for statement in statements(script) if statement.startswith("SELECT")]


def comparable(rows) -> list[tuple]:
    """Rows as plain values in an order of their own: engines order ties and nulls differently."""

    def plain(value):
        return round(float(value), 6) if isinstance(value, (int, float)) and not isinstance(value, bool) else value

    return sorted((tuple(plain(value) for value in row) for row in rows), key=repr)


# ---- a parser that knows the dialects ----


def known(engine: str, statement: str) -> str:
    """The statement with what sqlglot has no grammar for taken out, each checked here."""
    if engine == "bigquery":
        statement, connections = re.subn(r"\nWITH CONNECTION `[\w-]+\.modlake`", "", statement)
        assert connections or "EXTERNAL" not in statement
        partitions = r"\nWITH PARTITION COLUMNS \(\n((?:    \w+ STRING,?\n)+)\)"
        return re.sub(partitions, "", statement)
    if engine == "synapse":
        return re.sub(r"OPENROWSET\((.*?)\n\)( WITH \(\n.*?\n\))", openrowset, statement, flags=re.DOTALL)
    return statement


def openrowset(found: re.Match) -> str:
    """OPENROWSET(BULK …) as a plain table, after its options and columns were read."""
    options = dict(re.findall(r"^\s+(\w+) =? ?'?([^'\n,]+|,)'?,?$", found[1], re.MULTILINE))
    assert options["DATA_SOURCE"] == "modlake" and "/" in options["BULK"], options
    assert options["FORMAT"] in ("DELTA", "CSV"), options
    assert (options["FORMAT"] == "CSV") == ("PARSER_VERSION" in options), options
    columns = re.sub(r"^\s+(\[\w+\] [\w()]+) \d+(,?)$", r"\1\2", found[2].removeprefix(" WITH "), flags=re.MULTILINE)
    (table,) = sqlglot.parse(f"CREATE TABLE stand_in {columns}", dialect="tsql")
    assert isinstance(table, exp.Create) and len(table.this.expressions) > 5
    return "stand_in"


SCRIPTS = [(engine, "delta", "lake") for engine in LOCATIONS]
SCRIPTS += [(engine, "csv", layout) for engine in LOCATIONS for layout in ("lake", "tenant", "org", "org-hour")]


@pytest.mark.parametrize(("engine", "format_name", "layout"), SCRIPTS)
def test_every_statement_is_of_its_dialect(engine, format_name, layout):
    script = ddl(
        "--engine", engine, "--format", format_name, "--layout", layout, "--location", LOCATIONS[engine], "--day", DAY
    )
    found = statements(script)
    assert len(found) > 5
    for statement in found:
        try:
            (parsed,) = sqlglot.parse(known(engine, statement), dialect=SQLGLOT_NAMES.get(engine, engine))
        except sqlglot.ParseError as error:
            pytest.fail(f"{statement}\n{error}")
        if isinstance(parsed, exp.Command):
            assert any(re.match(pattern, statement) for pattern in NO_GRAMMAR), f"nothing sqlglot knows:\n{statement}"
    assert len(queries(script)) == (3 + len(TABLES) if format_name == "delta" else 4)


@pytest.mark.parametrize("engine", LOCATIONS)
def test_a_table_is_asked_for_by_name(engine):
    script = ddl("--engine", engine, "--table", "events_raw", "--location", LOCATIONS[engine])
    assert "events_raw" in script and not any("coding_agent" in statement for statement in statements(script))
    assert len(queries(script)) == 1


def test_wrong_arguments_name_the_right_ones():
    for arguments, expected in [
        (["--engine", "mysql"], ["mysql", "athena", "clickhouse"]),
        (["--engine", "duckdb", "--table", "nothing"], ["nothing", *TABLES]),
        (["--engine", "athena", "--location", "/srv/lake"], ["athena does not read /srv/lake/", "s3://bucket/prefix"]),
        (["--engine", "duckdb", "--format", "csv", "--table", "events_raw"], ["events_raw", "only `traces`"]),
        (["--engine", "duckdb", "--day", "yesterday"], ["yesterday", "2026-02-24"]),
    ]:
        done = subprocess.run([modlaked.binary(), "ddl", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode != 0 and not done.stdout
        for word in expected:
            assert word in done.stderr, done.stderr


# ---- engines that run the scripts over a real lake ----


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Captured requests of Claude Code in a lake, and our own SQL's answers to the example queries, by table."""
    folder = tmp_path_factory.mktemp("ddl")
    requests = requests_of("claude_code")
    with modlaked.running(folder, MODLAKE_LAKE_FLUSH_SECONDS="3") as server:
        for request in requests:
            assert request.send(server).status_code == 200
        for number, repository in enumerate(REPOSITORIES):
            put(folder / "trace.csv", [*BUILD, *TAGS], COMMON | repository)
            url = f"{server.url}/v1/cli/traces/build/2026022400071{number}-aaaaa.csv?source=cli"
            headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "text/csv"}
            answer = http.put(url, (folder / "trace.csv").read_bytes(), headers=headers, timeout=60)
            assert answer.status_code in (201, 404), answer.text
        count = "SELECT count(*) FROM events_raw"
        wait_for("every request is visible", lambda: server.value(count) >= len(requests), 30)
        if answer.status_code == 201:
            server.wait_value("SELECT count(*) FROM traces", len(REPOSITORIES), 30)
        root = server.table_folder("events_raw").parents[1]
        days = {table: busiest_day(server, table) for table in TABLES}
        answers = {}
        for table, day in days.items():
            script = ddl("--engine", "duckdb", "--table", table, "--location", str(root), "--day", day)
            asked = [query.replace("moderne_bi.", "") for query in queries(script)]
            answers[table] = [comparable(row.values() for row in server.sql(query)) for query in asked]
        tags = server.sql("SELECT path, tags['team'], tags['wave'] FROM traces")
        assert comparable(row.values() for row in tags) == expected_tags()
        assert server.stop() == 0
    assert all(any(answers[table]) for table in ("events_raw", "coding_agent_events", "coding_agent_metrics"))
    return root, days, answers


def test_our_own_sql_answers_what_the_trace_files_say(lake):
    _, _, answers = lake
    if not any(answers["traces"]):
        pytest.skip("this server takes no trace files")
    assert answers["traces"] == expected()


def busiest_day(server, table: str) -> str:
    days = f"SELECT year, month, day, count(*) AS n FROM {table} GROUP BY year, month, day"
    found = server.sql(f"{days} ORDER BY n DESC LIMIT 1")
    return "-".join(found[0][part] for part in ("year", "month", "day")) if found else DAY


def script_of(engine: str, table: str, lake) -> str:
    root, days, _ = lake
    return ddl("--engine", engine, "--table", table, "--location", str(root), "--day", days[table])


def run(given: list[str], *command) -> list:
    """The rows of the given queries, by an engine in a process of its own."""
    program = [sys.executable, Path(__file__).with_name("run_sql.py"), *command]
    done = subprocess.run(program, input=json.dumps(given), capture_output=True, text=True, timeout=300, cwd="/")
    assert done.returncode == 0, done.stderr
    return [comparable(rows) for rows in json.loads(done.stdout)]


@pytest.mark.parametrize("table", TABLES)
def test_duckdb_reads_delta(lake, table):
    packages = Path(sys.prefix) / "duckdb-delta"
    assert packages.is_dir(), "install tests/judges/requirements-duckdb-delta.txt as the Makefile does"
    assert run(statements(script_of("duckdb", table, lake)), "duckdb-delta", packages) == lake[2][table]


@pytest.mark.parametrize("table", TABLES)
def test_clickhouse_reads_delta(lake, table):
    assert run(statements(script_of("clickhouse", table, lake)), "clickhouse") == lake[2][table]


def expected_tags() -> list[tuple]:
    return comparable((row["path"], row.get("tag.team"), row.get("tag_wave")) for row in REPOSITORIES)


def test_tags_are_a_map_for_duckdb(lake):
    asked = ["SELECT path, tags['team'], tags['wave'] FROM moderne_bi.traces"]
    asked += ["SELECT DISTINCT typeof(tags) FROM moderne_bi.traces"]
    packages = Path(sys.prefix) / "duckdb-delta"
    *_, tags, types = run([*statements(script_of("duckdb", "traces", lake)), *asked], "duckdb-delta", packages)
    assert (tags, types) == (expected_tags(), [("MAP(VARCHAR, VARCHAR)",)])


def test_tags_are_a_map_for_clickhouse(lake):
    """There no map is null, and the value of a key that it does not have is the type's default."""
    asked = ["SELECT path, mapContains(tags, 'team') ? tags['team'] : NULL, nullIf(tags['wave'], '') FROM moderne_bi.traces"]
    asked += ["SELECT DISTINCT toTypeName(tags) FROM moderne_bi.traces"]
    *_, tags, types = run([*statements(script_of("clickhouse", "traces", lake)), *asked], "clickhouse")
    assert (tags, types) == (expected_tags(), [("Map(String, Nullable(String))",)])


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    from pyspark.sql import SparkSession

    if not shutil.which("java"):
        pytest.skip("Spark needs Java 17 or newer (Debian: apt-get install default-jre-headless)")
    folder = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.warehouse.dir", str(folder)).config("spark.sql.shuffle.partitions", "2")
    builder = builder.config("spark.sql.session.timeZone", "UTC").config("spark.log.level", "ERROR")
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.mark.parametrize("table", TABLES)
def test_spark_reads_the_files_of_the_delta_log(lake, spark, table):
    """Delta's package for Spark is in no registry that CI reaches, so its log is read by `deltalake` and its files by Spark."""
    root, _, answers = lake
    script = script_of("spark", table, lake)
    name = re.search(r"CREATE TABLE IF NOT EXISTS ([\w.]+)\s+USING DELTA\s+LOCATION 'file://([^']+)'", script)
    assert Path(name[2]) == root / "tables" / table
    uris = DeltaTable(name[2]).file_uris()
    if not uris:
        pytest.skip(f"{table} has no rows here")
    spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    spark.read.option("basePath", name[2]).parquet(*uris).createOrReplaceTempView(table)
    asked = [query.replace(name[1], table) for query in queries(script)]
    assert [comparable(map(tuple, spark.sql(query).collect())) for query in asked] == answers[table]


def test_tags_are_a_map_for_spark(lake, spark):
    uris = DeltaTable(str(lake[0] / "tables/traces")).file_uris()
    frame = spark.read.parquet(*uris)
    assert dict(frame.dtypes)["tags"] == "map<string,string>"
    assert comparable(map(tuple, frame.selectExpr("path", "tags['team']", "tags['wave']").collect())) == expected_tags()


# ---- the CSV objects, in the layouts they can have ----

BUILD = """
origin path branch developer syncOutcome syncCloneUri syncLstDownloadUri syncStartTime syncEndTime syncChangeset
syncElapsedTimeMs buildOutcome buildStartTime buildEndTime buildId buildDependencyResolutionTimeMs buildChangeset
buildMavenVersion buildGradleVersion buildBazelVersion buildDotnetVersion buildPythonVersion buildNodeVersion buildOsName
buildOsVersion buildOsEol buildGitAutocrlf buildGitEol buildSourceFileCount buildLineCount buildParseErrorCount buildWeight
buildMaxWeight buildMaxWeightSourceFile buildCliVersion buildElapsedTimeMs organization
""".split()
TAGS = ["tag.team", "tag_wave"]
RUN = ["origin", "path", "branch", "developer", "runOutcome", "runId", "runRecipeOptions", "organization"]
REPOSITORIES = [
    {"path": "acme/shop", "buildOutcome": "Succeeded", "buildElapsedTimeMs": "25048", "organization": "ALL/Acme"},
    {"path": "acme/billing", "buildOutcome": "Succeeded", "buildElapsedTimeMs": "910", "organization": "ALL/Acme"},
    {"path": 'acme/"odd", name', "buildOutcome": "Failed", "buildElapsedTimeMs": "77", "organization": "ALL/Other"},
    {"path": "acme/skipped", "buildOutcome": "Skipped", "organization": "ALL/Other"},
]
REPOSITORIES[0] |= {"tag.team": "pay'ments", "tag_wave": "1"}
REPOSITORIES[1] |= {"tag.team": "search"}
COMMON = {
    "origin": "github.com",
    "branch": "main",
    "syncOutcome": "Succeeded",
    "syncElapsedTimeMs": "1758",
    "syncStartTime": "2026-02-24T00:07:11.946Z[Etc/UTC]",
    "buildSourceFileCount": "256",
    "buildLineCount": "41015",
}
LAYOUTS = {
    "lake": "traces/tenant=acme/source=cli/type={}/year=2026/month=02/day=24",
    "tenant": "tenant=acme/source=saas/type={}/year=2026/month=02/day=24",
    "org": "org=acme/type={}/year=2026/month=02/day=24",
    "org-hour": "org=acme/type={}/year=2026/month=02/day=24/hour=07",
}


@pytest.fixture(scope="module", params=LAYOUTS)
def objects(request, tmp_path_factory):
    """CSV objects of builds and of a run, lines ended as the command ends them, and one of another day."""
    root = tmp_path_factory.mktemp(request.param)
    layout = LAYOUTS[request.param]
    for number, repository in enumerate(REPOSITORIES):
        put(root / layout.format("build") / f"2026022400071{number}-aaaaa.csv", BUILD, COMMON | repository)
    recipe = {"path": "acme/shop", "runRecipeOptions": '{"a": "b, c"}'}
    put(root / layout.format("run") / "20260224000719-bbbbb.csv", RUN, COMMON | recipe)
    next_day = layout.format("build").replace("day=24", "day=25")
    put(root / next_day / "20260225000710-ccccc.csv", BUILD, COMMON | REPOSITORIES[0])
    return root, request.param


def put(path: Path, header: list[str], row: dict):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore", lineterminator="\r\n")
        writer.writeheader()
        writer.writerow(row)


def expected() -> list[list[tuple]]:
    """What the four queries must answer: every build of the day, outcomes, the slowest that succeeded, repositories."""
    rows = [COMMON | {"buildElapsedTimeMs": None} | repository for repository in REPOSITORIES]
    for row in rows:
        row["ms"] = row["buildElapsedTimeMs"] and int(row["buildElapsedTimeMs"])
    day = [("github.com", row["path"], "main", "Succeeded", 1758, row["buildOutcome"], row["ms"]) for row in rows]
    slowest = [(row["path"], "github.com", row["ms"], 256, 41015) for row in rows if row["buildOutcome"] == "Succeeded"]
    outcomes = [("Succeeded", 2), ("Failed", 1), ("Skipped", 1)]
    return [comparable(rows) for rows in (day, outcomes, slowest, [("ALL/Acme", 2), ("ALL/Other", 2)])]


def csv_script(engine: str, objects) -> str:
    root, layout = objects
    return ddl(
        "--engine", engine, "--format", "csv", "--layout", layout, "--location", str(root), "--tenant", "acme", "--day", DAY
    )


def test_duckdb_reads_csv(objects):
    connection = duckdb.connect()
    script = csv_script("duckdb", objects)
    found = [connection.execute(statement).fetchall() for statement in statements(script)]
    assert [comparable(rows) for rows in found[-4:]] == expected()
    times = "SELECT DISTINCT epoch_ms(syncstarttime) FROM moderne_bi.traces WHERE type = 'build'"
    assert connection.execute(times).fetchall() == [(1771891631946,)]
    options = "SELECT runrecipeoptions, publishoutcome FROM moderne_bi.traces WHERE type = 'run'"
    assert connection.execute(options).fetchall() == [('{"a": "b, c"}', None)]


def test_clickhouse_reads_csv(objects):
    times = "SELECT DISTINCT toUnixTimestamp64Milli(syncstarttime) FROM moderne_bi.traces WHERE type = 'build'"
    options = "SELECT runrecipeoptions, publishoutcome FROM moderne_bi.traces WHERE type = 'run'"
    given = [*statements(csv_script("clickhouse", objects)), times, options]
    *found, milliseconds, run_options = run(given, "clickhouse")
    assert found == expected()
    assert milliseconds == [(1771891631946,)]
    assert run_options == [('{"a": "b, c"}', None)]


def test_spark_reads_csv(objects, spark):
    spark.sql("DROP DATABASE IF EXISTS moderne_bi CASCADE")
    script = csv_script("spark", objects)
    for statement in statements(script):
        if not statement.startswith("SELECT"):
            spark.sql(statement)
    found = [comparable(map(tuple, spark.sql(query).collect())) for query in queries(script)]
    assert found == expected()
    assert spark.sql("SELECT count(*) FROM moderne_bi.traces_publish").collect()[0][0] == 0
