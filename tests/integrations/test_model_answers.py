"""What servers that speak OpenAI's interface really answer: the library passes on whatever came, unchecked."""

import json
from typing import Any

import pytest

from app.integrations.language_model.asking import ask
from app.integrations.language_model.replies import ModelFailed, Reply
from config import Settings
from tests.integrations.web import answers, web

ASKED = [{"role": "user", "content": "x" * 400}]


def asked(settings: Settings, body: Any) -> Reply:
    with web() as told:
        told.does["/chat/completions"] = answers(200, json.dumps(body), Content_Type="application/json")
        server = settings.model_copy(update={"openai_base_url": told.url, "openai_api_key": "k"})
        return ask(server, "cheap", ASKED, max_tokens=50, schema=None, key="1", seconds=5)


def completion(content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]} | more


@pytest.fixture
def settings(app: Any) -> Settings:
    found: Settings = app.config["SETTINGS"]
    return found


def test_a_text_in_parts_is_joined_without_what_the_model_thought(settings: Settings) -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "hel"},
             {"type": "text", "text": "lo"}]  # fmt: skip
    assert asked(settings, completion(parts)).text == "hello"


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 20}, (100, 20)),
        ({"prompt_tokens": "100", "completion_tokens": "20"}, (100, 20)),
        ({"prompt_tokens": 100.0, "completion_tokens": 20.0}, (100, 20)),
        ({"total_tokens": 120}, (101, 2)),
        ({"prompt_tokens": 100, "completion_tokens": None}, (100, 2)),
        ({"prompt_tokens": -5, "completion_tokens": True}, (101, 2)),
        ({"prompt_tokens": "many"}, (101, 2)),
        ({}, (101, 2)),
        ("none", (101, 2)),
        (None, (101, 2)),
    ],
)
def test_tokens_are_counted_or_estimated_each(settings: Settings, usage: Any, tokens: tuple[int, int]) -> None:
    reply = asked(settings, completion(usage=usage))
    assert (reply.tokens_in, reply.tokens_out) == tokens


@pytest.mark.parametrize(
    ("error", "again", "said"),
    [
        ({"message": "No credits left", "code": 402}, False, "answered with 402: No credits left"),
        ({"message": "Try later", "code": 503}, True, "answered with 503: Try later"),
        ({"message": "Slow down", "code": "429"}, True, "answered with 429: Slow down"),
        ({"message": "Odd", "code": "server_error"}, True, "answered with an error: Odd"),
        ({"message": "Pay first", "code": "insufficient_quota"}, False, "answered with an error: Pay first"),
        ("Model is loading", True, "answered with an error: Model is loading"),
    ],
)
@pytest.mark.parametrize("where", ["body", "choice"])
def test_an_error_within_a_200_is_told(settings: Settings, where: str, error: Any, again: bool, said: str) -> None:
    body = {"error": error} if where == "body" else {"choices": [{"index": 0, "error": error, "message": None}]}
    with pytest.raises(ModelFailed, match=said) as raised:
        asked(settings, body)
    assert raised.value.again is again
    assert raised.value.billed


@pytest.mark.parametrize(
    "body",
    [[], None, "hello", 5, {}, {"choices": {}}, {"choices": [None]}, {"choices": [{"text": "old"}]},
     {"choices": [{"message": "hello"}]}, completion(5), completion({"a": 1})],
)  # fmt: skip
def test_what_is_no_answer_is_said_to_be_none(settings: Settings, body: Any) -> None:
    with pytest.raises(ModelFailed, match="isn’t an answer of a model"):
        asked(settings, body)


def test_an_odd_reason_to_end_is_none(settings: Settings) -> None:
    made = completion()
    made["choices"][0] |= {"finish_reason": 7}
    made["choices"][0]["message"]["refusal"] = False
    reply = asked(settings, made)
    assert (reply.finish, reply.refusal, reply.text) == ("stop", "", "hello")
