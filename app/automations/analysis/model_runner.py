"""Asks the language model that is set up to read a description. It commits before it asks, so that no transaction is
open meanwhile, and what the answer may cost is reserved from the company's budget."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from flask import current_app

from app.automations.analysis.errors import ModelBudgetUsedUp, ModelGivesNoAnswer
from app.automations.analysis.reading import Complete
from app.automations.outbox.budgets import Account, budget_of, reserve, settle, this_month
from app.core.ids import new_id
from app.core.tenancy import as_system
from app.extensions import db
from app.integrations.language_model.asking import ask
from app.integrations.language_model.json_answers import Form, Misfit
from app.integrations.language_model.prices import most_tokens_in, price_of
from app.integrations.language_model.replies import ModelFailed, Reply
from config import Settings

MOST_TOKENS = 8_000
SECONDS = 60.0


def model_for(client_id: UUID | None) -> Complete | None:
    """What reads for that company; None where no model is set up."""
    settings = cast("Settings", current_app.config["SETTINGS"])
    if not (settings.openai_api_key or settings.openai_base_url):
        return None

    def complete(prompt: str, schema: Mapping[str, Any]) -> Any:
        reply = _asked(settings, client_id, prompt, schema)
        try:
            return Form(schema).read(reply.text)
        except Misfit:
            return None

    return complete


def _asked(settings: Settings, client_id: UUID | None, prompt: str, schema: Mapping[str, Any]) -> Reply:
    price = price_of(settings.openai_model, settings.openai_prices)
    most = price.of(most_tokens_in(prompt, str(schema)), MOST_TOKENS)
    account = None if client_id is None else Account(client_id, this_month(), settings.openai_model)
    if account is not None:
        with as_system("what models cost is kept by the portal, not by companies"):
            is_left = reserve(account, most, budget_of(account.client_id))
        if not is_left:
            raise ModelBudgetUsedUp
    db.session.commit()
    cost, tokens = Decimal(0), 0
    try:
        reply = ask(
            settings, settings.openai_model, [{"role": "user", "content": prompt}], max_tokens=MOST_TOKENS,
            schema=schema, key=str(new_id()), seconds=SECONDS,
        )  # fmt: skip
        tokens, cost = reply.tokens_in + reply.tokens_out, price.of(reply.tokens_in, reply.tokens_out)
    except ModelFailed as error:
        cost = most if error.billed else cost
        raise ModelGivesNoAnswer(f"The language model gives no answer: {error}") from None
    finally:
        if account is not None:
            with as_system("what models cost is kept by the portal, not by companies"):
                settle(account, most, cost, tokens)
        db.session.commit()
    return reply
