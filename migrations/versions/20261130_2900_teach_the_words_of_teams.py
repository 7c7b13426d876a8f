"""Let a mistyped search find teams by words that only teams have: their table got its words after its triggers."""

from alembic import op

revision = "20261130_2900"
down_revision = "20261130_1310"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create trigger learn_insert after insert on teams referencing new table as new_rows
            for each statement execute function learn_words();
        create trigger learn_update after update on teams referencing new table as new_rows
            for each statement execute function learn_words();
        insert into search_words (word)
        select distinct word from teams, unnest(tsvector_to_array(search)) word
         where word ~ '^[[:alpha:]]{3,40}$'
        on conflict do nothing;
    """)


def downgrade() -> None:
    op.execute("drop trigger learn_insert on teams; drop trigger learn_update on teams;")
