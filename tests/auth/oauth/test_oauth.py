"""OAuth 2.0 for third parties: what is given, and to whom."""

import html
import re
from datetime import timedelta

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from app.core.clock import shifted
from tests.auth.oauth_party import (
    CALLBACK,
    answer_of,
    code_for,
    decide,
    exchange,
    get,
    make_application,
    request_for,
    tokens_for,
)
from tests.factories import PASSWORD


@pytest.fixture
def made(db_session):
    return make_application()


def test_a_person_lets_an_application_in_and_it_gets_tokens(app, as_client, made):
    answer = decide(as_client, request_for(made))
    told = answer_of(answer)
    assert answer.location.startswith(CALLBACK + "?")
    assert told["state"] == "xyz"
    assert told["iss"] == "http://localhost"
    tokens = exchange(app.test_client(), made, told["code"])
    assert tokens.status_code == 200
    assert tokens.headers["Cache-Control"] == "no-store"
    assert tokens.json["token_type"] == "Bearer"
    assert tokens.json["expires_in"] == 900
    assert tokens.json["scope"] == "products:read"
    assert tokens.json["refresh_token"]
    me = get(app, "/api/auth/me", tokens.json["access_token"])
    assert me.status_code == 200
    assert me.json["permissions"] == ["products:read"]


def test_no_second_question_for_the_same_or_less(app, as_client, made):
    tokens_for(app, as_client, made, scope="products:read matches:read")
    for scope in ("products:read matches:read", "matches:read"):
        answer = as_client.get(request_for(made, scope=scope))
        assert answer_of(answer)["code"]
    assert exchange(app.test_client(), made, answer_of(answer)["code"]).json["scope"] == "matches:read"


def test_more_or_a_wish_to_be_asked_brings_the_question_again(app, as_client, made):
    tokens_for(app, as_client, made)
    assert as_client.get(request_for(made, scope="products:read matches:read")).status_code == 200
    assert as_client.get(request_for(made, prompt="consent")).status_code == 200
    assert "code" in answer_of(as_client.get(request_for(made)))


def test_a_program_on_ones_own_machine_is_asked_about_each_time(app, as_client):
    made = make_application(redirect_uris=["http://127.0.0.1/done"], public=True)
    asked = {"redirect_uri": "http://127.0.0.1:49152/done"}
    told = decide(as_client, request_for(made, **asked))
    assert told.location.startswith("http://127.0.0.1:49152/done?")
    assert exchange(app.test_client(), made, answer_of(told)["code"], **asked).status_code == 200
    assert as_client.get(request_for(made, **asked)).status_code == 200


def test_nobody_is_asked_where_the_application_wants_no_page(as_client, made):
    assert answer_of(as_client.get(request_for(made, prompt="none")))["error"] == "interaction_required"


def test_refusing_tells_the_application(as_client, made):
    told = answer_of(decide(as_client, request_for(made), "refuse"))
    assert told["error"] == "access_denied"
    assert told["state"] == "xyz"
    assert told["iss"] == "http://localhost"


def test_whoever_is_not_signed_in_signs_in_first_and_comes_back(client, make_user, made):
    user = make_user(role="client")
    asked = request_for(made)
    answer = client.get(asked)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200
    signed_in = client.post(answer.location, data={"username": user.username, "password": PASSWORD, "next": asked})
    assert signed_in.status_code == 303
    assert signed_in.location == asked
    assert "code" in answer_of(decide(client, signed_in.location))


@pytest.mark.parametrize("state", ["", "a b&c=d/?#é", "x" * 3000, "a\\b", '{"to": "/cart?id=1"}'])
def test_everything_that_was_asked_is_kept_through_the_sign_in(client, make_user, made, state):
    user = make_user(role="client")
    asked = request_for(made, state=state or None)
    to_sign_in = client.get(asked).location
    page = client.get(to_sign_in).text
    kept = html.unescape(re.search(r'name="next"[^>]*value="([^"]*)"', page)[1])
    signed_in = client.post("/login", data={"username": user.username, "password": PASSWORD, "next": kept})
    assert answer_of(decide(client, signed_in.location)).get("state", "") == state


def test_the_page_names_who_asks_and_what_for(as_client, made):
    page = as_client.get(request_for(made, scope="products:read matches:read")).text
    for words in (
        "Shop reports",
        "Company",
        "shop.example",
        "See products",
        "See matches with assistants",
        as_client.user.username,
        "See who you are",
    ):
        assert words in page


def test_the_page_lets_its_form_lead_to_the_application_and_can_not_be_framed(as_client, made):
    policy = as_client.get(request_for(made)).headers.getlist("Content-Security-Policy")
    assert len(policy) == 1
    assert "form-action 'self' https://shop.example;" in policy[0]
    assert "frame-ancestors 'none'" in policy[0]


def test_the_decision_needs_the_forms_token(as_client, made):
    answer = as_client.post(request_for(made), data={"decision": "allow"}, csrf=False)
    assert answer.status_code == 400


def test_a_browser_that_comes_from_our_own_page_is_led_on_by_a_page(as_client, made):
    answer = as_client.post(request_for(made), data={"decision": "allow"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    assert 'http-equiv="refresh" content="0; url=https://shop.example/callback?code=' in answer.text


def test_a_scope_narrows_what_the_person_may_do(app, as_manager):
    made = make_application(scopes=["products:read", "products:write", "matches:read"])
    tokens = tokens_for(app, as_manager, made, scope="products:read")
    program = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert app.test_client().post("/api/products", json={}, headers=program).status_code == 403
    assert get(app, "/api/products", tokens["access_token"]).status_code == 200


def test_a_scope_never_widens_what_the_person_may_do(app, as_client):
    made = make_application(scopes=["products:read", "products:write"])
    tokens = tokens_for(app, as_client, made, scope="products:read products:write")
    assert tokens["scope"] == "products:read"
    assert get(app, "/api/auth/me", tokens["access_token"]).json["permissions"] == ["products:read"]


def test_a_role_without_any_of_the_permissions_is_refused(as_expert, made):
    assert answer_of(as_expert.get(request_for(made, scope="matches:read")))["error"] == "invalid_scope"


def test_without_a_scope_all_that_the_application_may_ask_for_is_asked(app, as_client, made):
    assert tokens_for(app, as_client, made, scope=None)["scope"] == "products:read matches:read"


def test_an_application_of_a_company_acts_for_it_alone(app, make_user):
    owner = make_user(role="client")
    made = make_application(owner, grant_types=["client_credentials"], redirect_uris=[])
    answer = app.test_client().post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "scope": "products:read matches:read"},
        auth=(made.application.identifier, made.secret),
    )
    assert answer.status_code == 200
    assert answer.json["scope"] == "products:read matches:read"
    assert "refresh_token" not in answer.json
    assert get(app, "/api/products", answer.json["access_token"]).status_code == 200
    assert get(app, "/api/auth/me", answer.json["access_token"]).status_code == 403


@pytest.mark.parametrize("path", ["/api/auth/sessions", "/api/oauth/clients"])
def test_what_is_a_persons_own_is_closed_to_applications(app, as_client, made, path):
    assert get(app, path, tokens_for(app, as_client, made)["access_token"]).status_code == 403


def test_a_token_for_an_application_is_no_way_into_the_portal(app, as_client, made):
    token = tokens_for(app, as_client, made)["access_token"]
    assert get(app, "/account", token).status_code == 303


def refresh(app, made, token, **changes):
    asked = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": made.application.identifier,
        "client_secret": made.secret,
        **changes,
    }
    return app.test_client().post("/oauth/token", data={n: v for n, v in asked.items() if v is not None})


def test_a_refresh_token_gives_new_tokens(app, as_client, made):
    first = tokens_for(app, as_client, made)
    second = refresh(app, made, first["refresh_token"])
    assert second.status_code == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    assert second.json["scope"] == "products:read"
    assert get(app, "/api/auth/me", second.json["access_token"]).status_code == 200


def test_a_copied_refresh_token_ends_everything(app, as_client, made):
    first = tokens_for(app, as_client, made)
    second = refresh(app, made, first["refresh_token"]).json
    with shifted(timedelta(seconds=60)):
        copied = refresh(app, made, first["refresh_token"])
    assert copied.status_code == 400
    assert copied.json["error"] == "invalid_grant"
    assert refresh(app, made, second["refresh_token"]).json["error"] == "invalid_grant"
    assert get(app, "/api/auth/me", second["access_token"]).status_code == 401


def test_an_applications_refresh_token_is_none_of_the_portals(app, as_client, made):
    token = tokens_for(app, as_client, made)["refresh_token"]
    assert app.test_client().post("/api/auth/refresh", json={"refresh_token": token}).status_code == 401
    assert refresh(app, made, token).status_code == 200
    made_public = make_application(public=True)
    token = tokens_for(app, as_client, made_public)["refresh_token"]
    app.test_client().post("/api/auth/logout", json={"refresh_token": token})
    assert refresh(app, made_public, token).status_code == 200


def test_another_applications_refresh_token_is_refused_and_not_spent(app, as_client, made):
    token = tokens_for(app, as_client, made)["refresh_token"]
    assert refresh(app, make_application(), token).json["error"] == "invalid_grant"
    assert refresh(app, made, token).status_code == 200


def test_a_code_grant_without_refreshing_gives_no_refresh_token(app, as_client):
    made = make_application(grant_types=["authorization_code"])
    assert "refresh_token" not in tokens_for(app, as_client, made)


def test_revoking_ends_every_token_of_the_same_sign_in(app, as_client, made):
    for kind in ("access_token", "refresh_token"):
        tokens = tokens_for(app, as_client, made)
        answer = app.test_client().post(
            "/oauth/revoke",
            data={"token": tokens[kind], "token_type_hint": "whatever"},
            auth=(made.application.identifier, made.secret),
        )
        assert answer.status_code == 200
        assert get(app, "/api/auth/me", tokens["access_token"]).status_code == 401
        assert refresh(app, made, tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_revoking_what_is_nothing_or_anothers(app, as_client, made):
    proof = (made.application.identifier, made.secret)
    assert app.test_client().post("/oauth/revoke", data={"token": "x"}, auth=proof).status_code == 200
    tokens = tokens_for(app, as_client, make_application())
    app.test_client().post("/oauth/revoke", data={"token": tokens["access_token"]}, auth=proof)
    assert get(app, "/api/auth/me", tokens["access_token"]).status_code == 200


def introspect(app, made, token):
    return app.test_client().post(
        "/oauth/introspect", data={"token": token}, auth=(made.application.identifier, made.secret or "x")
    )


def test_an_application_hears_how_its_own_token_stands(app, as_client, made):
    tokens = tokens_for(app, as_client, made)
    told = introspect(app, made, tokens["access_token"]).json
    assert told["active"] is True
    assert told["scope"] == "products:read"
    assert told["client_id"] == made.application.identifier
    assert told["username"] == as_client.user.username
    assert told["token_type"] == "Bearer"
    assert 0 < told["exp"] - told["iat"] <= 900
    assert introspect(app, made, tokens["refresh_token"]).json["active"] is True
    refresh(app, made, tokens["refresh_token"])
    assert introspect(app, made, tokens["refresh_token"]).json == {"active": False}


def test_others_tokens_are_nothing_to_an_application(app, as_client, made):
    tokens = tokens_for(app, as_client, make_application())
    assert introspect(app, made, tokens["access_token"]).json == {"active": False}
    assert introspect(app, made, "x").json == {"active": False}


def test_a_public_application_may_not_introspect(app, as_client):
    made = make_application(public=True)
    token = tokens_for(app, as_client, made)["access_token"]
    assert introspect(app, made, token).status_code == 401
    assert (
        app.test_client()
        .post("/oauth/introspect", data={"token": token, "client_id": made.application.identifier})
        .status_code
        == 401
    )


def test_the_metadata_is_what_rfc_8414_wants(client):
    told = client.get("/.well-known/oauth-authorization-server").json
    checked = AuthorizationServerMetadata(
        {**told, **{n: v.replace("http:", "https:") for n, v in told.items() if isinstance(v, str)}}
    )
    checked.validate()
    assert told["issuer"] == "http://localhost"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["jwks_uri"] == "http://localhost/api/auth/jwks.json"


def test_taking_access_away_stops_the_tokens_at_once(app, as_client, made):
    tokens = tokens_for(app, as_client, made)
    page = as_client.get("/account/applications")
    assert "Shop reports" in page.text
    assert "See products" in page.text
    answer = as_client.post(f"/account/applications/{made.application.id}/revoke")
    assert answer.status_code == 303
    assert get(app, "/api/auth/me", tokens["access_token"]).status_code == 401
    assert refresh(app, made, tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert "No application has access" in as_client.get("/account/applications").text
    assert as_client.post(f"/account/applications/{made.application.id}/revoke").status_code == 404
    assert as_client.get(request_for(made)).status_code == 200


def test_another_persons_grant_stays(app, as_client, as_manager, made):
    tokens = tokens_for(app, as_client, made)
    assert as_manager.post(f"/account/applications/{made.application.id}/revoke").status_code == 404
    assert get(app, "/api/auth/me", tokens["access_token"]).status_code == 200


def test_a_code_opens_nothing_after_access_was_taken_away(app, as_client, made):
    code = code_for(as_client, made)
    as_client.post(f"/account/applications/{made.application.id}/revoke")
    assert exchange(app.test_client(), made, code).json["error"] == "invalid_grant"
