"""Let search find names with signs in them: `Wi-Fi` by `wifi`, too, and `C++` as a word of its own."""

from alembic import op

revision = "20261130_1600"
down_revision = "20261130_1100"
branch_labels = None
depends_on = None

PARTS = r"""
create function public.parts_of(value text) returns text
    language sql immutable strict parallel safe
    return translate(value, '-/.@:+%~&<_', '           ');
comment on function public.parts_of is
    'Text cut at signs: the parser would take "SKU-12/34" for a word, a number -12 and a file /34.';
"""

WORDS = r"""
create or replace function public.words_of(value text) returns text
    language sql immutable strict parallel safe
    return public.parts_of(value) || case when value ~ '[[:alnum:]][-/.&_''’+@#][-/.&_''’+@#[:alnum:]]|[[:alnum:]]#' then
        coalesce((
            select string_agg(' ' || word, '') from (
                select regexp_replace(m[1], '[^[:alnum:]]', '', 'g') as word
                  from regexp_matches(value, '([[:alnum:]]+(?:[-/.&_''’+@][[:alnum:]]+)+)', 'g') m
                union all
                select m[1] || case m[2] when '#' then 'sharp' else 'plusplus' end
                  from regexp_matches(value, '([[:alnum:]]+)(\+\+|#)', 'g') m) found
             where length(word) <= 60), '') else '' end;
comment on function public.words_of is
    'Text as search finds it: its parts; what signs part, as one word, too; and names that a sign makes, such as C++.';
"""

BEFORE = r"""
create or replace function public.words_of(value text) returns text
    language sql immutable strict parallel safe
    return translate(value, '-/.@:+%~&<_', '           ');
"""

NAMES = {
    "products": "name", "solutions": "name", "service_categories": "name", "clients": "name", "users": "username",
    "skills": "name", "assistants": "name", "teams": "name", "projects": "name",
}  # fmt: skip
TEACH = ("products", "solutions", "service_categories", "skills")


def upgrade() -> None:
    op.execute(PARTS)
    op.execute(WORDS)
    _search_anew()
    for table in TEACH:
        op.execute(f"""
            insert into search_words (word)
            select distinct w.word from {table}, unnest(tsvector_to_array(search)) w (word)
             where w.word ~ '^[[:alpha:]]{{3,40}}$'
            on conflict do nothing
        """)


def downgrade() -> None:
    op.execute(BEFORE)
    _search_anew()
    op.execute("drop function public.parts_of(text)")


def _search_anew() -> None:
    """Have the search of every row made again, which is no change of the row."""
    for table, name in NAMES.items():
        op.execute(f"alter table {table} disable trigger user")
        op.execute(f"update {table} set {name} = {name}")
        op.execute(f"alter table {table} enable trigger user")
