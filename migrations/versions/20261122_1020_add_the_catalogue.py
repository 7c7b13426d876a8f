"""Products, solutions, service categories with offerings."""

from alembic import op

from migrations.helpers import CURRENCY, SLUG

revision = "20261122_1020"
down_revision = "20261122_1010"
branch_labels = None
depends_on = None



def upgrade() -> None:
    op.execute(f"""
        create table products (
            id uuid primary key,
            name text not null,
            slug text not null constraint products_slug_key unique,
            category text not null,
            description text not null default '',
            price numeric(12, 2) not null,
            currency text not null default 'USD',
            features text[] not null default '{{}}',
            icon text not null default '',
            archived_at timestamptz,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1,
            search tsvector generated always as (
                setweight(to_tsvector('diglit', words_of(name)), 'A')
                || setweight(to_tsvector('diglit', words_of(category || ' ' || text_of(features))), 'B')
                || setweight(to_tsvector('diglit', words_of(description)), 'C')) stored,
            constraint products_name_length_check check (length(name) between 1 and 120),
            constraint products_slug_form_check check ({SLUG}),
            constraint products_category_length_check check (length(category) between 1 and 60),
            constraint products_description_length_check check (length(description) <= 5000),
            constraint products_price_range_check check (price >= 0 and price < 'Infinity'),
            constraint products_currency_known_check check ({CURRENCY}),
            constraint products_features_count_check check (cardinality(features) <= 50),
            constraint products_icon_length_check check (length(icon) <= 60)
        );
        create index products_created_idx on products (created_at, id, archived_at);
        create index products_updated_idx on products (updated_at, id, archived_at);
        create index products_name_idx on products (plain(name) collate "C", id, archived_at);
        create index products_price_idx on products (price, id, archived_at);
        create index products_category_idx on products (category, created_at, id, archived_at);
        create index products_category_price_idx on products (category, price, id, archived_at);
        create index products_category_name_idx on products (category, plain(name) collate "C", id, archived_at);
        create index products_archived_idx on products (created_at, id) where archived_at is not null;
        create index products_features_idx on products using gin (features) with (gin_pending_list_limit = 256);
        create index products_search_idx on products using gin (search) with (gin_pending_list_limit = 256);
        alter table products alter column search set statistics 500, alter column features set statistics 500;
        call audit_table('products', teaches => true);

        create table solutions (
            id uuid primary key,
            name text not null,
            slug text not null constraint solutions_slug_key unique,
            summary text not null default '',
            description text not null default '',
            industry text not null,
            icon text not null default '',
            archived_at timestamptz,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1,
            search tsvector generated always as (
                setweight(to_tsvector('diglit', words_of(name)), 'A')
                || setweight(to_tsvector('diglit', words_of(industry || ' ' || summary)), 'B')
                || setweight(to_tsvector('diglit', words_of(description)), 'C')) stored,
            constraint solutions_name_length_check check (length(name) between 1 and 120),
            constraint solutions_slug_form_check check ({SLUG}),
            constraint solutions_summary_length_check check (length(summary) <= 300),
            constraint solutions_description_length_check check (length(description) <= 5000),
            constraint solutions_industry_length_check check (length(industry) between 1 and 60),
            constraint solutions_icon_length_check check (length(icon) <= 60)
        );
        create index solutions_created_idx on solutions (created_at, id, archived_at);
        create index solutions_updated_idx on solutions (updated_at, id, archived_at);
        create index solutions_name_idx on solutions (plain(name) collate "C", id, archived_at);
        create index solutions_industry_idx on solutions (industry, created_at, id, archived_at);
        create index solutions_search_idx on solutions using gin (search) with (gin_pending_list_limit = 256);
        create index solutions_archived_idx on solutions (created_at, id) where archived_at is not null;
        call audit_table('solutions', teaches => true);

        create table solution_products (
            id uuid primary key,
            solution_id uuid not null references solutions (id) on delete cascade,
            product_id uuid not null references products (id) on delete restrict,
            position bigint not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1,
            constraint solution_products_solution_id_product_id_key unique (solution_id, product_id)
        );
        create index solution_products_product_id_idx on solution_products (product_id);
        call audit_table('solution_products', 'solutions', 'solution_id');

        create table service_categories (
            id uuid primary key,
            name text not null,
            slug text not null constraint service_categories_slug_key unique,
            description text not null default '',
            icon text not null default '',
            archived_at timestamptz,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1,
            search tsvector generated always as (
                setweight(to_tsvector('diglit', words_of(name)), 'A') || setweight(to_tsvector('diglit', words_of(description)), 'C')) stored,
            constraint service_categories_name_length_check check (length(name) between 1 and 120),
            constraint service_categories_slug_form_check check ({SLUG}),
            constraint service_categories_description_length_check check (length(description) <= 5000),
            constraint service_categories_icon_length_check check (length(icon) <= 60)
        );
        create index service_categories_created_idx on service_categories (created_at, id, archived_at);
        create index service_categories_updated_idx on service_categories (updated_at, id, archived_at);
        create index service_categories_name_idx on service_categories (plain(name) collate "C", id, archived_at);
        create index service_categories_search_idx on service_categories using gin (search) with (gin_pending_list_limit = 256);
        create index service_categories_archived_idx on service_categories (created_at, id)
            where archived_at is not null;
        call audit_table('service_categories', teaches => true);

        create table offerings (
            id uuid primary key,
            service_category_id uuid not null references service_categories (id) on delete cascade,
            position bigint not null,
            name text not null,
            description text not null default '',
            price_from numeric(12, 2) not null,
            currency text not null default 'USD',
            unit text not null default 'hour',
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1,
            constraint offerings_name_length_check check (length(name) between 1 and 120),
            constraint offerings_description_length_check check (length(description) <= 2000),
            constraint offerings_price_range_check check (price_from >= 0 and price_from < 'Infinity'),
            constraint offerings_currency_known_check check ({CURRENCY}),
            constraint offerings_unit_length_check check (length(unit) between 1 and 30)
        );
        create index offerings_service_category_id_position_idx on offerings (service_category_id, position);
        call audit_table('offerings', 'service_categories', 'service_category_id');
    """)


def downgrade() -> None:
    op.execute("""
        drop table offerings; drop table service_categories;
        drop table solution_products; drop table solutions; drop table products;
        delete from data_versions where table_name in
            ('offerings', 'service_categories', 'solution_products', 'solutions', 'products');
    """)
