"""The figures of the formula (docs/automation-analysis.md)."""

from collections.abc import Mapping
from decimal import Decimal

WEIGHTS: Mapping[str, Decimal] = {
    "rules": Decimal("0.35"),
    "input": Decimal("0.20"),
    "exceptions": Decimal("0.20"),
    "volume": Decimal("0.15"),
    "systems": Decimal("0.10"),
}
"""How much each part counts in the potential of a step. They add up to 1."""

RULES = {True: Decimal(1), None: Decimal("0.5"), False: Decimal(0)}
INPUT = {True: Decimal(1), None: Decimal("0.7"), False: Decimal("0.4")}
FULL_VOLUME = Decimal(20)
"""Hours a month from which the volume counts in full."""
NO_SYSTEM, NEXT_SYSTEM, LEAST_OF_SYSTEMS = Decimal("0.5"), Decimal("0.2"), Decimal("0.2")

HANDLED = {
    (True, True): Decimal("0.90"),
    (True, False): Decimal("0.70"),
    (False, True): Decimal("0.30"),
    (False, False): Decimal("0.20"),
}
"""The share of the work that an automation takes over, exceptions apart, by `rule_based` and `structured_input`."""
LEAST_POTENTIAL = 40
"""A step below it stays with people."""
