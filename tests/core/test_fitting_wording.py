from decimal import Decimal

from app.core.fitting.wording import hours, plain


def test_numbers_from_a_thousand_are_grouped() -> None:
    assert plain(Decimal("1023.71")) == "1,023.71"
    assert plain(Decimal("1023.710"), 0) == "1,024"
    assert hours(Decimal("1027.50")) == "1,027.5 hours"
    assert hours(1) == "1 hour"
