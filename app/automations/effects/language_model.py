"""`language_model`: a question to a language model."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask import current_app

from app.automations.definitions.types import LanguageModelWith
from app.automations.effects import STAND_IN, Call, StepFailed, Told, effect
from app.automations.effects.answers import retry_after
from app.integrations.language_model.asking import ask, is_openai
from app.integrations.language_model.json_answers import BadSchema, Form, Misfit, example_of
from app.integrations.language_model.prices import Price, most_tokens_in, price_of
from app.integrations.language_model.replies import ModelFailed, Reply
from config import Settings

NOT_SET = "No language model is configured. Set OPENAI_API_KEY or OPENAI_BASE_URL."
INSTEAD = "This is a stand-in answer, because no language model is configured on this machine."
REPAIR = "Your answer doesn’t match the schema: {wrong}\nAnswer again, only with JSON that matches the schema."


def is_set(settings: Settings) -> bool:
    return bool(settings.openai_api_key or settings.openai_base_url)


def _told(given: Mapping[str, Any]) -> Told:
    settings = _settings()
    provider = STAND_IN if not is_set(settings) else "OpenAI" if is_openai(settings) else "OpenAI-compatible server"
    return Told(str(given.get("model") or settings.openai_model), str(given.get("prompt", "")), provider)


def most_cost(form: LanguageModelWith) -> Decimal:
    """What the step can cost at most, with the one repair that an answer of a given form may need."""
    settings = _settings()
    if not is_set(settings):
        return Decimal(0)
    price = price_of(form.model or settings.openai_model, settings.openai_prices)
    tokens_in = most_tokens_in(form.prompt, form.system, str(form.json_schema or ""))
    if form.json_schema is None:
        return price.of(tokens_in, form.max_tokens)
    # The repair sends the first answer back.
    return price.of(2 * tokens_in + 4 * form.max_tokens + 2_000, 2 * form.max_tokens)


@dataclass
class _Talk:
    """The questions of one try, and what they cost so far."""

    settings: Settings
    form: LanguageModelWith
    call: Call
    price: Price
    deadline: float
    messages: list[dict[str, str]] = field(default_factory=list)
    tokens: int = 0
    cost: Decimal = Decimal(0)

    def ask(self, key: str) -> Reply:
        form = self.form
        try:
            reply = ask(
                self.settings, form.model or self.settings.openai_model, self.messages,
                max_tokens=form.max_tokens, schema=form.json_schema, key=key,
                seconds=max(1.0, self.deadline - time.monotonic()),
            )  # fmt: skip
        except ModelFailed as error:
            known = {} if error.billed else {"cost": float(self.cost), "tokens": self.tokens}
            raise StepFailed(str(error), again=error.again, wait=retry_after(error.headers), **known) from None
        self.tokens += reply.tokens_in + reply.tokens_out
        self.cost += self.price.of(reply.tokens_in, reply.tokens_out)
        if reply.refusal:
            raise self.failed(f"The model refused to answer: {reply.refusal[:300]}")
        if reply.finish == "content_filter":
            raise self.failed("The content filter of the model’s server blocked the answer.")
        return reply

    def failed(self, message: str) -> StepFailed:
        return StepFailed(message, again=False, cost=float(self.cost), tokens=self.tokens)

    def output(self, reply: Reply, value: Any = None) -> dict[str, Any]:
        made = {"text": reply.text, "json": value, "tokens": self.tokens, "cost": float(self.cost)}
        return made | {"truncated": True} if reply.finish == "length" else made


@effect("language_model", tells=_told, reserves=most_cost)
def ask_model(form: LanguageModelWith, call: Call) -> dict[str, Any]:
    """The model's answer. With a schema, one that doesn't fit is sent back once with what is wrong."""
    settings = _settings()
    try:
        wanted = None if form.json_schema is None else Form(form.json_schema)
    except BadSchema as error:
        raise StepFailed(f"json_schema isn’t a JSON Schema: {error}", again=False, cost=0, tokens=0) from None
    if not is_set(settings):
        return _stand_in(settings, form)
    price = price_of(form.model or settings.openai_model, settings.openai_prices)
    talk = _Talk(settings, form, call, price, time.monotonic() + call.seconds)
    if form.system:
        talk.messages.append({"role": "system", "content": form.system})
    talk.messages.append({"role": "user", "content": form.prompt})
    reply = talk.ask(str(call.key))
    if wanted is None:
        return talk.output(reply)
    return _fitting(talk, reply, wanted)


def _fitting(talk: _Talk, reply: Reply, wanted: Form) -> dict[str, Any]:
    try:
        return talk.output(reply, wanted.read(reply.text))
    except Misfit as misfit:
        wrong = str(misfit)
    if reply.finish == "length":
        raise talk.failed("The answer is incomplete because it is longer than max_tokens.")
    talk.messages += [
        {"role": "assistant", "content": reply.text},
        {"role": "user", "content": REPAIR.format(wrong=wrong)},
    ]
    reply = talk.ask(f"{talk.call.key}-repair")
    try:
        return talk.output(reply, wanted.read(reply.text))
    except Misfit as misfit:
        raise talk.failed(f"The answer doesn’t match the schema, even after one correction: {misfit}") from None


def _stand_in(settings: Settings, form: LanguageModelWith) -> dict[str, Any]:
    if settings.is_production:
        raise StepFailed(NOT_SET, again=False, cost=0, tokens=0)
    value = None if form.json_schema is None else example_of(form.json_schema)
    return {"text": INSTEAD, "json": value, "tokens": 0, "cost": 0}


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
