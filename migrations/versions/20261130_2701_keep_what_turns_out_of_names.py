"""Keep marks that turn the direction of writing, and further things that nobody sees, out of names."""

from alembic import op

revision = "20261130_2701"
down_revision = "20261130_2310"
branch_labels = None
depends_on = None

TABLES = (
    "clients", "products", "solutions", "service_categories", "offerings", "skills", "assistants", "teams",
    "team_members", "projects",
)  # fmt: skip

BLANKS = r"\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
UNSEEN = r"\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff"
MORE_BLANKS = rf"{BLANKS}\u2028\u2029\u2800"
MORE_UNSEEN = (
    r"\u00ad\u034f\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffc"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
)


def _is_tidy(blanks: str, unseen: str) -> str:
    return rf"""
        create or replace function is_tidy(value text) returns boolean language sql immutable parallel safe
            return value is nfc normalized and value !~ '[{blanks}]|[{unseen}]|^ | $|  '
    """


def upgrade() -> None:
    op.execute(_is_tidy(MORE_BLANKS, MORE_UNSEEN))
    seen = f"regexp_replace(name, '[{MORE_UNSEEN}]', '', 'g')"
    tidy = f"normalize(btrim(regexp_replace({seen}, '[ {MORE_BLANKS}]+', ' ', 'g'), ' '), nfc)"
    for table in TABLES:
        op.execute(f"update {table} set name = coalesce(nullif({tidy}, ''), '-') where not is_tidy(name)")


def downgrade() -> None:
    op.execute(_is_tidy(BLANKS, UNSEEN))
