"""Regular expressions for numbers within bounds: how a JSON schema tells what a number may be that comes as a text."""

from collections.abc import Iterator
from decimal import Decimal


def pattern_between(least: Decimal | int, most: Decimal | int, decimals: int) -> str:
    """An anchored pattern for the numbers from `least` to `most`, without leading zeros and with so many decimals at
    most. The bounds have no more decimals themselves."""
    found = []
    if least < 0:
        found.append(f"-({_positive(max(Decimal(0), -Decimal(most)), -Decimal(least), decimals)})")
    if most >= 0:
        found.append(_positive(max(Decimal(0), Decimal(least)), Decimal(most), decimals))
    return f"^({'|'.join(found)})$"


def _positive(least: Decimal, most: Decimal, decimals: int) -> str:
    unit = 10**decimals
    low, low_rest = divmod(int(least * unit), unit)
    high, high_rest = divmod(int(most * unit), unit)
    found = []
    if low_rest and low < high:
        found.append(f"{low}{_fraction(low_rest, unit - 1, decimals)}")
        low, low_rest = low + 1, 0
    if high_rest < unit - 1 and low < high:
        found.append(f"{high}{_fraction(0, high_rest, decimals)}")
        high, high_rest = high - 1, unit - 1
    return "|".join([*found, f"({'|'.join(_wholes(low, high))}){_fraction(low_rest, high_rest, decimals)}"])


def _wholes(low: int, high: int) -> Iterator[str]:
    """One pattern for each number of digits."""
    for count in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (count - 1) if count > 1 else 0)
        yield _digits(str(first), str(min(high, 10**count - 1)))


def _fraction(low: int, high: int, decimals: int) -> str:
    """What stands behind the whole part, for a rest from `low` to `high`, counted in the smallest unit."""
    found = []
    for count in range(1, decimals + 1):
        step = 10 ** (decimals - count)
        first, last = -(-low // step), high // step
        if first <= last:
            found.append(_digits(f"{first:0{count}}", f"{last:0{count}}"))
    if not found:
        return ""
    return rf"(\.({'|'.join(found)})){'' if low else '?'}"


def _digits(low: str, high: str) -> str:
    """The texts of digits from `low` to `high`, which are equally long."""
    rest = len(low) - 1
    if low == high:
        return low
    if low[0] == high[0]:
        return low[0] + _digits(low[1:], high[1:])
    first, last = int(low[0]), int(high[0])
    begins, ends = low[1:] == "0" * rest, high[1:] == "9" * rest
    found = [] if begins else [f"{first}{_digits(low[1:], '9' * rest)}"]
    full = (first + (not begins), last - (not ends))
    if full[0] <= full[1]:
        found.append(f"[{full[0]}-{full[1]}]" + (f"[0-9]{{{rest}}}" if rest else ""))
    found += [] if ends else [f"{last}{_digits('0' * rest, high[1:])}"]
    return found[0] if len(found) == 1 else f"({'|'.join(found)})"
