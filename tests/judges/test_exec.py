"""`modlake exec` against the clouds' own protocols: moto's S3, Azurite, and beside the shell script that it replaces.

`MODLAKE` names the binary; without it, what cargo built last.
"""

import os
import re
import shutil
import socket
import subprocess
import threading
from datetime import date
from pathlib import Path

import modlaked
import pytest
import requests

boto3 = pytest.importorskip("boto3")

HERE = Path(__file__).resolve().parent
AZURITE = HERE / "azurite/node_modules/.bin/azurite-blob"
# Azurite's well-known account, which every copy of it has.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
BUCKET = "my-company-cli-telemetry"

MOD = r"""#!/usr/bin/env bash
id=${TRACE_ID:-20260219000719-cYGAL}
folder="${MODERNE_CLI_HOME:-$HOME/.moderne/cli}/trace/build/${FLAT:-$id}"
mkdir -p "$folder"
printf 'origin,path,branch,developer,buildStartTime,buildId,organization\r\ngithub.com,acme/a,main,,2026-02-19T00:12:22.215Z,%s,ALL\r\n' "$id" \
    > "$folder/trace.csv"
echo "built $*"
exit "${MOD_EXIT:-0}"
"""

# Takes the place of the AWS command line, which the script needs: `aws s3 cp FILE s3://BUCKET/KEY --quiet`.
AWS = """#!/usr/bin/env python3
import os, sys
import boto3
bucket, key = sys.argv[4].removeprefix("s3://").split("/", 1)
boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).upload_file(sys.argv[3], bucket, key)
"""


def modlake() -> str:
    named = os.environ.get("MODLAKE")
    found = Path(named) if named else modlaked.binary().with_name("modlake")
    if not found.exists():
        pytest.skip(f"{found} is not built")
    return str(found.resolve())


@pytest.fixture(scope="module")
def s3():
    """moto's S3 on a free port; the endpoint and a client."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host.replace('0.0.0.0', '127.0.0.1')}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    yield endpoint, client
    server.stop()


@pytest.fixture
def bucket(s3):
    """An empty bucket; gone afterwards."""
    endpoint, client = s3
    client.create_bucket(Bucket=BUCKET)
    yield endpoint, client
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=found["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def laptop(tmp_path):
    """A home folder with a `mod` on its PATH; gives the environment."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, text in [("mod", MOD), ("aws", AWS)]:
        (bin_folder / name).write_text(text)
        (bin_folder / name).chmod(0o755)
    python = Path(os.sys.executable).parent
    return {"HOME": str(tmp_path), "PATH": f"{bin_folder}:{python}:/usr/local/bin:/usr/bin:/bin", "MODLAKE_UPLOAD": "wait"}


def with_s3(laptop, endpoint, **more):
    names = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return laptop | names | {"AWS_REGION": "us-east-1", "BI_ENDPOINT": f"s3://{BUCKET}", "BI_ORG": "my-company"} | more


def run(laptop, *command, **more):
    return subprocess.run(command, env=laptop | more, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


def keys(client, bucket=BUCKET):
    return sorted(found["Key"] for found in client.list_objects_v2(Bucket=bucket).get("Contents", []))


def test_the_lines_the_key_and_the_exit_code_are_those_of_the_script(bucket, laptop, tmp_path):
    endpoint, client = bucket
    done = run(with_s3(laptop, endpoint), modlake(), "exec", "--", "mod", "build", ".", MOD_EXIT="3")
    assert (done.returncode, done.stdout) == (3, "built build .\n")
    assert done.stderr.splitlines() == [
        "[telemetry] Uploading 20260219000719-cYGAL.csv to S3...",
        "[telemetry] Uploaded: 20260219000719-cYGAL.csv",
    ]
    key = "org=my-company/type=build/year=2026/month=02/day=19/20260219000719-cYGAL.csv"
    assert keys(client) == [key]
    found = client.get_object(Bucket=BUCKET, Key=key)
    assert found["Body"].read() == (tmp_path / ".moderne/cli/trace/build/20260219000719-cYGAL/trace.csv").read_bytes()
    assert found["ContentType"] == "text/csv"


def test_the_script_itself_writes_keys_of_the_same_form_and_overwrites_them(bucket, laptop, tmp_path):
    """What a shell script made of the same three commands, and what we make of them."""
    endpoint, client = bucket
    script = os.environ.get("MOD_SH")
    if not script:
        pytest.skip("MOD_SH names no mod.sh to compare with")
    environment = with_s3(laptop, endpoint)
    for number in range(3):
        done = run(environment, "bash", script, "build", ".", TRACE_ID=f"2026021900071{number}-cYGAL", MOD_EXIT="5")
        assert done.returncode == 5, done.stderr
    theirs = keys(client)
    assert theirs == [f"org=my-company/type=build/year={date.today():%Y}/month={date.today():%m}/day={date.today():%d}/trace.csv"]
    client.delete_object(Bucket=BUCKET, Key=theirs[0])

    done = run(environment, modlake(), "exec", "--", "mod", "--version", MODLAKE_KEY_DATE="upload", TRACE_ID="20260219000713-cYGAL")
    assert done.returncode == 0
    ours = keys(client)
    assert len(ours) == 4, done.stderr
    assert {os.path.dirname(key) for key in ours} == {os.path.dirname(theirs[0])}


def test_a_foreign_object_is_never_overwritten_and_an_own_one_grows(bucket, laptop, tmp_path):
    endpoint, client = bucket
    day = "org=my-company/type=build/year=2026/month=02/day=19"
    client.put_object(Bucket=BUCKET, Key=f"{day}/20260219000719-cYGAL.csv", Body=b"somebody else's")
    environment = with_s3(laptop, endpoint)
    run(environment, modlake(), "exec", "--", "mod", "build")
    assert len(keys(client)) == 2
    assert client.get_object(Bucket=BUCKET, Key=f"{day}/20260219000719-cYGAL.csv")["Body"].read() == b"somebody else's"

    trace = tmp_path / ".moderne/cli/trace/build/20260219000719-cYGAL/trace.csv"
    trace.write_bytes(trace.read_bytes() + trace.read_bytes().splitlines(keepends=True)[1])
    assert run(environment, modlake(), "traces", "push").returncode == 0
    (own,) = [key for key in keys(client) if key != f"{day}/20260219000719-cYGAL.csv"]
    assert client.get_object(Bucket=BUCKET, Key=own)["Body"].read() == trace.read_bytes()


def test_wrappers_on_two_machines_with_one_home_send_each_file_once(bucket, laptop):
    endpoint, client = bucket
    environment = with_s3(laptop, endpoint)
    binary = modlake()

    def one(number):
        run(environment, binary, "exec", "--", "mod", "build", TRACE_ID=f"202602190007{number:02}-cYGAL")

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run(environment, binary, "traces", "push", "--wait")
    assert len(keys(client)) == 12, keys(client)


def test_credentials_come_from_a_profile(bucket, laptop, tmp_path):
    endpoint, client = bucket
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text("[bi]\naws_access_key_id = test\naws_secret_access_key = test\n")
    (tmp_path / ".aws/config").write_text(f"[profile bi]\nregion = us-east-1\nendpoint_url = {endpoint}\n")
    config = tmp_path / "modsh.env"
    config.write_text(f"BI_ENDPOINT=s3://{BUCKET}/prefix\nBI_ORG=my-company\nexport AWS_PROFILE=bi\n")
    done = run(laptop, modlake(), "exec", "--", "mod", "build", MODERNE_CLI_WRAPPER_CONFIG=str(config))
    assert "Uploaded" in done.stderr, done.stderr
    assert keys(client)[0].startswith("prefix/org=my-company/type=build/")


def test_a_bucket_that_is_not_there_is_one_line_and_doctor_names_it(s3, laptop):
    endpoint, _ = s3
    environment = with_s3(laptop, endpoint, BI_ENDPOINT="s3://not-there")
    done = run(environment, modlake(), "exec", "--", "mod", "build", MOD_EXIT="4")
    assert done.returncode == 4
    assert [line for line in done.stderr.splitlines() if "Warning" in line] == [
        line for line in done.stderr.splitlines() if line.startswith("[telemetry] Warning: Failed to upload 20260219000719-cYGAL.csv")
    ]
    doctor = run(environment, modlake(), "doctor", "--json", "--server", "http://127.0.0.1:1")
    assert "check the bucket's name in BI_ENDPOINT" in doctor.stdout


@pytest.fixture(scope="module")
def azurite():
    """Azurite's blob service on a free port."""
    if not AZURITE.exists():
        pytest.skip("azurite is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [AZURITE, "--blobPort", str(port), "--silent", "--skipApiVersionCheck", "--inMemoryPersistence"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        try:
            return requests.get(f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}", timeout=5).status_code > 0
        except requests.ConnectionError:
            return False

    modlaked.wait_for("azurite answers", answers, 60)
    yield f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
    process.terminate()
    process.wait()


def azure(method, url, body=b"", **headers):
    """A request with a shared key, as its documentation describes it."""
    import base64
    import hashlib
    import hmac
    from email.utils import formatdate
    from urllib.parse import parse_qsl, urlsplit

    parts = urlsplit(url)
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"} | headers
    canonical = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    query = "".join(f"\n{name}:{value}" for name, value in sorted(parse_qsl(parts.query)))
    length = str(len(body)) if body else ""
    text = f"{method}\n\n\n{length}\n\n\n\n\n\n\n\n\n{canonical}/{AZURE_ACCOUNT}{parts.path}{query}"
    digest = hmac.new(base64.b64decode(AZURE_KEY), text.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(digest).decode()}"
    return requests.request(method, url, data=body, headers=headers, timeout=30)


def test_azure_takes_them_once_and_lets_them_grow(azurite, laptop, tmp_path):
    assert azure("PUT", f"{azurite}/telemetry?restype=container").status_code == 201
    environment = laptop | {
        "AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
        "AZURE_STORAGE_ENDPOINT": azurite,
        "BI_ENDPOINT": "az://telemetry",
        "BI_ORG": "my-company",
    }
    done = run(environment, modlake(), "exec", "--", "mod", "build")
    assert done.stderr.splitlines()[0] == "[telemetry] Uploading 20260219000719-cYGAL.csv to Azure..."
    assert "Uploaded" in done.stderr, done.stderr
    trace = tmp_path / ".moderne/cli/trace/build/20260219000719-cYGAL/trace.csv"
    trace.write_bytes(trace.read_bytes() + trace.read_bytes().splitlines(keepends=True)[1])
    (tmp_path / ".modlake/traces/sent.ndjson").unlink()
    assert run(environment, modlake(), "traces", "push").returncode == 0
    listed = azure("GET", f"{azurite}/telemetry?restype=container&comp=list").text
    names = re.findall(r"<Name>(.*?)</Name>", listed)
    assert names == ["org=my-company/type=build/year=2026/month=02/day=19/20260219000719-cYGAL.csv"]
    assert azure("GET", f"{azurite}/telemetry/{names[0]}").content == trace.read_bytes()


def test_modlaked_stores_them_and_knows_them_again(make_server, laptop, tmp_path):
    if not modlaked.binary().exists():
        pytest.skip("modlaked is not built")
    server = make_server()
    if server.get("/v1/cli/traces/build/x.csv").status_code == 404:
        pytest.skip("this modlaked has no route for trace files")
    environment = laptop | {"MODLAKE_SERVER": server.url, "MODLAKE_API_KEY": server.key}
    done = run(environment, modlake(), "exec", "--", "mod", "build")
    assert done.stderr.splitlines() == [
        "[telemetry] Uploading 20260219000719-cYGAL.csv to modlaked...",
        "[telemetry] Uploaded: 20260219000719-cYGAL.csv",
    ]
    server.wait_value("select count(*) from traces", 1)
    shutil.rmtree(tmp_path / ".modlake")
    assert run(environment, modlake(), "traces", "push").returncode == 0
    trace = tmp_path / ".moderne/cli/trace/build/20260219000719-cYGAL/trace.csv"
    trace.write_bytes(trace.read_bytes() + trace.read_bytes().splitlines(keepends=True)[1].replace(b"acme/a", b"acme/b"))
    assert run(environment, modlake(), "traces", "push").returncode == 0
    server.wait_value("select count(*) from traces", 2)
