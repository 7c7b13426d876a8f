"""The OpenAPI document: complete, valid, and true."""

import re

import jsonschema_rs
import pytest
import schemathesis
import schemathesis.engine
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.transport.wsgi import WSGITransport

from app.core.tenancy import SYSTEM, tenant_context
from app.extensions import db
from app.identity import authentication
from app.identity.models import Client, User, UserSession
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match, make_request
from tests.factories.projects import make_project, make_team

# Which products, companies and people there are, who asks, which keys were used before, which secrets are right, which
# one of several has to be there, how many bytes a body has.
NO_SCHEMA_CAN_TELL = (
    *("unknown-part", "unknown-member", "no-experts-account", "company-missing", "person-missing", "staff-only"),
    *("unknown-product", "unknown-offering", "change-order-out-of-range", "idempotency-key-reused"),
    *(
        "bad-workflow",
        "no-such-step",
        "steps-missing",
        "description-missing",
        "unknown-file",
        "unknown-version",
        "unknown-owner",
    ),
    "body-too-large",
    *("bad-link", "wrong-password", "same-password", "weak-password", "wrong-proof"),
)
# The names of time zones are some 600, and change; whether a text is an address or a network takes more than a pattern.
NO_SCHEMA_LISTS = ("timezone", "network", "unknown-time-zone", "bad-cron")
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(client):
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_every_path_of_the_api_is_in_it(app, document):
    routes = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api") and rule.rule != "/api/docs"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, method, _ in operations(document)}


def test_every_operation_lists_security_parameters_answers_and_an_example(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(document):
        told = f"{method} {path}"
        assert "security" in operation, told
        assert "parameters" in operation, told
        assert operation["summary"], told
        assert operation["tags"], told
        good = [status for status in operation["responses"] if status.startswith("2")]
        assert good, told
        for status, answer in operation["responses"].items():
            assert answer["description"], told
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], told
        contents = [
            content
            for part in (operation.get("requestBody", {}), *(operation["responses"][status] for status in good))
            for content in part.get("content", {}).values()
        ]
        assert all("example" in content for content in contents), told


def test_summaries_have_the_article_that_the_noun_takes(document):
    told = [one["summary"] for each in document["paths"].values() for one in each.values() if "summary" in one]
    assert "Create an assistant" in told
    assert [text for text in told if re.search(r"\ba [aeio]", text, re.IGNORECASE)] == []


def test_examples_are_what_the_schemas_say(document):
    for path, method, operation in operations(document):
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in [content for part in parts for content in part.get("content", {}).values()]:
            if "example" in content:
                schema = {**content["schema"], "components": document["components"]}
                errors = list(jsonschema_rs.Draft202012Validator(schema).iter_errors(content["example"]))
                assert not errors, f"{method} {path}: {errors}"


def test_component_names_are_plain_words(document):
    assert all(name.isalnum() for name in document["components"]["schemas"])


def parts(value):
    """Every object of the document."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(part)


def test_bodies_have_no_defaults(document):
    """Generators would have a client send every field with a default, and refuse null where the type has none."""
    for name, schema in document["components"]["schemas"].items():
        for field, kind in schema.get("properties", {}).items():
            assert "default" not in kind, (name, field)
    told = document["components"]["schemas"]["LoginInput"]["properties"]["token_delivery"]["description"]
    assert told == "Where the refresh token goes. Without it: `cookie`."


def test_every_list_is_paged(document):
    lists = set()
    for path, method, operation in operations(document):
        good = operation["responses"].get("200", {})
        schema = good.get("content", {}).get("application/json", {}).get("schema", {})
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        inside = [schema.get("properties", {}).get(name, {}) for name in ("data", "items")]
        if method != "get" or not any(one.get("type") == "array" for one in (schema, *inside)):
            continue
        lists.add(path)
        assert {"limit", "cursor", "sort"} <= {parameter["name"] for parameter in operation["parameters"]}, path
        assert {"Link", "X-Total-Count"} <= set(good["headers"]), path
    assert {"/api/products", "/api/auth/sessions", "/api/api-keys", "/api/skills"} <= lists


def test_lists_say_of_what_in_one_schema(document):
    for part in parts(document):
        assert "prefixItems" not in part
        assert not isinstance(part.get("items"), bool)


def test_every_header_and_group_of_the_document_is_used_and_described(document):
    used = {part["$ref"] for part in parts(document) if isinstance(part.get("$ref"), str)}
    assert {f"#/components/headers/{name}" for name in document["components"]["headers"]} <= used
    assert all(tag["description"] for tag in document["tags"])


def test_reads_are_public_and_writes_are_not(document):
    assert document["paths"]["/api/products"]["get"]["security"] == [{}, {"bearer": []}]
    assert document["paths"]["/api/products"]["post"]["security"] == [{"bearer": []}]


@pytest.fixture
def in_process(monkeypatch):
    """What only a socket has a use for is kept from the calls that schemathesis makes in this process."""
    send = WSGITransport.send

    def send_without(self, case, **options):
        for name in ("max_redirects", "verify", "cert", "proxies"):
            options.pop(name, None)
        return send(self, case, **options)

    monkeypatch.setattr(WSGITransport, "send", send_without)


@pytest.fixture
def work(make_user):
    """A manager, and a client and an expert who have work together: a match, and a project with a deliverable."""
    people = {role: make_user(role=role) for role in ("manager", "client", "expert")}
    company = db.session.get(Client, people["client"].client_id)
    ana = make_assistant(user=people["expert"])
    make_match(request=make_request(client=company), assistant=ana)
    make_project(client=company, team=make_team(members=[ana]), status="active", deliverables=[{"title": "Survey"}])
    return people


@pytest.fixture
def described(app, in_process, api, work, make_product, make_solution, make_service_category, make_offering):
    """The document as schemathesis reads it, called with somebody's token on a catalogue that isn't empty."""
    product = make_product(name="Invoice Intake")
    make_solution(products=[product])
    make_service_category(offerings=[make_offering()])

    def described_to(role):
        given = token = api(work[role]).environ_base["HTTP_AUTHORIZATION"]
        user_id = work[role].id

        def one_at_a_time(environ, start_response):
            nonlocal token
            with app.app_context():
                # One operation ends the sign-in, and all that come after it would only hear that it ended.
                with tenant_context(SYSTEM):
                    if has_ended(token):
                        token = api(db.session.get(User, user_id)).environ_base["HTTP_AUTHORIZATION"]
                if environ.get("HTTP_AUTHORIZATION") == given:
                    environ["HTTP_AUTHORIZATION"] = token
                return app(environ, start_response)

        schema = schemathesis.openapi.from_wsgi("/api/openapi.json", one_at_a_time, config=_config(given))
        return schema.exclude(path_regex="^/api/auth/(logout|refresh)")

    return described_to


def has_ended(token):
    claims = authentication.access_tokens().read(token.removeprefix("Bearer "))
    return db.session.get_one(UserSession, claims.session_id).ended_at is not None


def _config(token):
    # A cursor or an ETag of nobody's has the right form, and is refused all the same.
    accepted = ["2xx", "304", "400", "401", "403", "404", "409", "412"]
    project = ProjectConfig(
        headers={"Authorization": token, "Accept-Encoding": "identity"},
        checks=ChecksConfig.from_dict({"positive_data_acceptance": {"expected-statuses": accepted}}),
        generation=GenerationConfig(max_examples=4, deterministic=True, database="none"),
        # How methods are refused that an address doesn't have is the same everywhere: one of them is enough.
        phases=PhasesConfig(
            coverage=CoveragePhaseConfig(unexpected_methods={"TRACE"}), stateful=StatefulPhaseConfig(enabled=False)
        ),
    )
    return SchemathesisConfig(projects=ProjectsConfig(default=project), seed=1)


def test_behaviour_is_as_described(described):
    failures = failures_in(described("manager"))
    assert not failures, "\n\n".join(failures)


def failures_in(schema):
    failures = []
    for happened in schemathesis.engine.from_schema(schema).execute():
        if isinstance(happened, NonFatalError | FatalError):
            failures.append(str(happened.info if isinstance(happened, NonFatalError) else happened.exception))
        if isinstance(happened, ScenarioFinished):
            failures += failures_of(happened.recorder)
    return failures


def failures_of(recorder):
    for case, checks in recorder.checks.items():
        answer = recorder.interactions[case].response.content.decode()
        for check in checks:
            failure = check.failure_info
            known = [f'problem-{code}"' for code in NO_SCHEMA_CAN_TELL] + [
                f'"code":"{code}"' for code in NO_SCHEMA_LISTS
            ]
            if failure and not any(code in answer for code in known):
                yield f"{recorder.label}: {check.name}\n{failure.failure}\n{failure.code_sample}\n{answer[:600]}"
