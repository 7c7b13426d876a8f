"""Skills: what terms mean, how near skills are to each other, and the taxonomy that admins keep."""

from app.assistants.skills.meaning import Meaning, kinship, meanings, understand

__all__ = ["Meaning", "kinship", "meanings", "understand"]
