"""The sides that a company's records are seen from: DIG|LIT's staff, the company itself, the expert who works on them.
Each has its own pages of a kind (`Kind.pages`), its own steps and its own messages."""

from typing import Literal

Side = Literal["staff", "company", "expert"]
STAFF: Literal["staff"] = "staff"
COMPANY: Literal["company"] = "company"
EXPERT: Literal["expert"] = "expert"
