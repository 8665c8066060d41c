import modlaked
import postgres
import pytest


@pytest.fixture
def make_server(tmp_path):
    """Starts servers that are gone after the test. Arguments: the data folder, and environment variables."""
    started = []

    def make(data=None, **variables):
        number = len(started)
        server = modlaked.Modlaked(data or tmp_path / f"data{number}", tmp_path / f"modlaked{number}.log", **variables)
        started.append(server)
        return server.start()

    yield make
    for server in started:
        server.end()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all tests of a file; each test must leave it alive."""
    folder = tmp_path_factory.mktemp("server")
    with modlaked.running(folder) as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def catalog(request):
    """Variables for a server whose catalog is on the one database and on the other: what uses it is tested on both."""
    return {"MODLAKE_CATALOG": postgres.shared().database() if request.param == "postgres" else ""}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of its server's log."""
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and server:
        report.sections.append(("modlaked log", server.log_tail()))
    return report


def pytest_report_header():
    return f"modlaked: {modlaked.binary()}"
