"""A query engine as a program: a JSON list of statements on standard input, a JSON list of the rows of its SELECTs out.

    run_sql.py clickhouse               chDB; reads Delta tables below its working directory only
    run_sql.py duckdb-delta PACKAGES    DuckDB with its delta extension

The extension is made for one version of DuckDB and its package is behind the newest, so both lie in a folder of their own
(`requirements-duckdb-delta.txt`), which nothing else has on its path.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path


def clickhouse(folder: str):
    from chdb.session import Session

    session = Session(f"{folder}/chdb")

    def execute(statement: str, is_query: bool):
        if not is_query:
            return session.query(statement)
        answer = session.query(f"{statement}\nSETTINGS output_format_json_quote_64bit_integers = 0", "JSONCompact")
        return json.loads(answer.bytes())["data"]

    return execute


def duckdb_delta(folder: str, packages: str):
    sys.path.insert(0, packages)
    import duckdb

    connection = duckdb.connect(config={"extension_directory": folder, "autoinstall_known_extensions": "false"})
    (extension,) = Path(packages).glob("duckdb_extension_delta/extensions/*/delta.duckdb_extension")
    ((platform,),) = connection.execute("PRAGMA platform").fetchall()
    installed = Path(folder) / extension.parent.name / platform
    installed.mkdir(parents=True)
    shutil.copy(extension, installed)
    return lambda statement, is_query: connection.execute(statement).fetchall()


def main(engine: str, *arguments: str):
    with tempfile.TemporaryDirectory() as folder:
        execute = {"clickhouse": clickhouse, "duckdb-delta": duckdb_delta}[engine](folder, *arguments)
        answers = []
        for statement in json.load(sys.stdin):
            is_query = statement.startswith("SELECT")
            rows = execute(statement, is_query)
            if is_query:
                answers.append(rows)
        json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main(*sys.argv[1:])
