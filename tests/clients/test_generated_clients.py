"""What people generate from the OpenAPI document compiles, and works against a real server."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT
from tests.factories import PASSWORD
from tests.factories.assistants import make_assistant
from tests.live import serving

HERE = Path(__file__).parent
NODE = shutil.which("node") or (str(ROOT / ".node/bin/node") if (ROOT / ".node/bin/node").exists() else None)
needs_node = pytest.mark.skipif(NODE is None, reason="there is no Node")


@pytest.fixture
def document(client, tmp_path):
    """The document as a file."""
    path = tmp_path / "openapi.json"
    path.write_bytes(client.get("/api/openapi.json").data)
    return path


@pytest.fixture
def server(app, committed_db, db_session, make_user, tmp_path):
    user = make_user(role="manager")
    make_assistant(weekly={"mon": [["09:00", "17:00"]]})
    with serving(app, committed_db, tmp_path) as address:
        yield {"PORTAL": address, "PORTAL_USER": user.username, "PORTAL_PASSWORD": PASSWORD}


def run(*command, cwd, **environment):
    """Run a tool of `node_modules`, or node itself; what it says."""
    path = f"{Path(NODE).parent}{os.pathsep}{os.environ['PATH']}"
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
    tool = ROOT / "node_modules/.bin" / command[0]
    done = subprocess.run(
        [NODE if command[0] == "node" else tool, *command[1:]],
        cwd=cwd, env={**os.environ, "PATH": path, **quiet, **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_node
def test_redocly_has_nothing_to_say(document, tmp_path):
    shutil.copy(HERE / "redocly.yaml", tmp_path)
    said = run("redocly", "lint", "--config", "redocly.yaml", "--format", "json", document.name, cwd=tmp_path)
    found = json.JSONDecoder().raw_decode(said, said.index("{"))[0]
    assert (found["totals"], found["problems"]) == ({"errors": 0, "warnings": 0, "ignored": 0}, [])


@needs_node
@pytest.mark.committed
def test_client_of_typescript_compiles_and_works(document, server, tmp_path):
    for name in ("client.ts", "tsconfig.json"):
        shutil.copy(HERE / "typescript" / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    run("openapi-typescript", document.name, "-o", "api.d.ts", cwd=tmp_path)
    run("tsc", "--project", ".", cwd=tmp_path)
    assert run("node", "client.js", cwd=tmp_path, **server).strip() == "all is well"


@pytest.mark.committed
def test_client_of_python_is_complete_and_works(document, server, tmp_path, monkeypatch):
    generator = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    bin_ = Path(sys.executable).parent
    done = subprocess.run(
        [*generator, "--path", document, "--output-path", tmp_path / "portal_client", "--meta", "none"],
        env={**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)

    def of(module):
        return importlib.import_module(f"portal_client.{module}")

    models = of("models")
    anonymous = of("client").Client(base_url=server["PORTAL"])
    login = models.LoginInput(username=server["PORTAL_USER"], password=server["PORTAL_PASSWORD"])
    tokens = of("api.signing_in.login").sync(client=anonymous, body=login)
    assert tokens.token_type == "Bearer"
    api = of("client").AuthenticatedClient(base_url=server["PORTAL"], token=tokens.access_token)

    new = models.ProductInput(name="Invoice Intake", category="Automation", price="1499.00")
    made = of("api.products.create_product").sync(client=api, body=new)
    change = models.ProductInputPatch(price="1599.00")
    changed = of("api.products.update_product").sync(made.id, client=api, body=change)
    assert (changed.price, changed.name) == ("1599.00", "Invoice Intake")
    read = of("api.products.get_product").sync_detailed(made.id, client=anonymous)
    change = {"body": models.ProductInputPatch(price="1699.00"), "if_match": read.headers["ETag"]}
    assert of("api.products.update_product").sync(made.id, client=api, **change).price == "1699.00"
    stale = of("api.products.update_product").sync(made.id, client=api, **change)
    assert (stale.status, type(stale)) == (412, models.Problem)
    wrong = of("api.products.create_product").sync(client=api, body=models.ProductInput("", "Automation", "10.00"))
    assert (wrong.status, [error.pointer for error in wrong.errors]) == (422, ["/name"])
    sessions = of("api.signing_in.list_sessions").sync(client=api, limit=1)
    assert [session.kind for session in sessions] == ["api"]
    listed = of("api.products.list_products").sync(client=anonymous, limit=5)
    assert [product.id for product in listed] == [made.id]
    [assistant] = of("api.assistants.list_assistants").sync(client=anonymous)
    assert assistant.availability.weekly["mon"] == [["09:00", "17:00"]]
    problem = of("api.products.get_product").sync("none", client=anonymous)
    assert isinstance(problem, models.Problem)
    assert problem.status == 404
