"""How a file is to be read as records: which sheet and heading, which column holds which field."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from app.core.amounts import Mark
from app.core.dates import Order
from app.core.tables.rows import Reading

GROUP, OPTION, STATE = "_group", "_option", "_state"
"""Columns that hold no field: what rows of one record have in common, what tells them apart, and whether the record is
on sale."""
OWN, LOWEST = "own", "lowest"
CURRENCY = "currency"
NOT_KNOWN = -1
"""For a heading that is to be found: that of another sheet, or with other separators."""
Way = Mark | Order
Marks = Mapping[str, Way]
"""By field, how its column is written, as far as it gave that away or a person said: amounts with this decimal mark,
days in this order."""


@dataclass(frozen=True)
class Plan:
    """`columns` is field by column, `constants` are texts for where a row has none (a currency for every row, others
    for new records alone), `variants` says whether rows of one group are records of their own or one with the lowest
    price."""

    reading: Reading
    heading: int
    columns: Mapping[int, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    marks: Marks = field(default_factory=dict)
    """The decimal marks of fields, as a person says, where the cells don't give them away."""
    currency: str = ""
    """What the amounts of new records are in, as a person says, where the row doesn't."""
    rounded: Mapping[str, bool] = field(default_factory=dict)
    """Whether numbers with more decimals than their field keeps are rounded, by field, as a person says."""
    clear: bool = False
    variants: str = ""
    foreign: bool = False
    """Whether the columns have names of another system: what it calls slugs is made ours."""
    html: bool = False
    commas: bool = False

    def dump(self) -> dict[str, Any]:
        return {**asdict(self), "columns": {str(at): name for at, name in self.columns.items()}}

    @classmethod
    def load(cls, values: Mapping[str, Any]) -> "Plan":
        columns = {int(at): str(name) for at, name in values["columns"].items()}
        return cls(**{**values, "reading": Reading.load(values["reading"]), "columns": columns})

    @property
    def for_new(self) -> Mapping[str, str]:
        """What new records get where the file has nothing for them."""
        return {name: text for name, text in self.constants.items() if name != CURRENCY}

    @property
    def fields(self) -> dict[int, str]:
        """Those of the columns that hold fields of the record."""
        return {at: name for at, name in self.columns.items() if not name.startswith("_")}

    def columns_of(self, kind: str) -> list[int]:
        return [at for at, name in self.columns.items() if name == kind]
