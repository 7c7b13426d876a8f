"""Keep names in NFC, with single ordinary blanks and without what can't be seen."""

from alembic import op

revision = "20261130_1400"
down_revision = "20261122_1210"
branch_labels = None
depends_on = None

TABLES = (
    "clients", "products", "solutions", "service_categories", "offerings", "skills", "assistants", "teams",
    "team_members", "projects",
)  # fmt: skip

BLANKS = r"\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2028\u2029\u2800"
UNSEEN = (
    r"\u00ad\u034f\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffc"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
)

IS_TIDY = rf"""
    create function is_tidy(value text) returns boolean language plpgsql immutable parallel safe as $$
    begin
        return value is nfc normalized and value !~ '[{BLANKS}]|[{UNSEEN}]|^ | $|  ';
    end $$;
    comment on function is_tidy is
        'Whether a name is stored as names are: in NFC, with single ordinary blanks, and nothing that can''t be seen.';
"""
TIDY = rf"""
    normalize(btrim(regexp_replace(regexp_replace(name, '[{UNSEEN}]', '', 'g'), '[ {BLANKS}]+', ' ', 'g'), ' '), nfc)
"""


def upgrade() -> None:
    op.execute(IS_TIDY)
    for table in TABLES:
        op.execute(f"update {table} set name = coalesce(nullif({TIDY}, ''), '-') where not is_tidy(name)")
        op.execute(f"alter table {table} add constraint {table}_name_tidy_check check (is_tidy(name)) not valid")
        op.execute(f"alter table {table} validate constraint {table}_name_tidy_check")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} drop constraint {table}_name_tidy_check")
    op.execute("drop function is_tidy(text)")
