create table orders (
    id uuid primary key, created_at timestamptz not null, updated_at timestamptz not null,
    version bigint not null default 1,
    client_id uuid not null constraint orders_client_id_fkey references clients (id) on delete restrict,
    number text not null, note text not null, currency text not null, status text not null,
    constraint orders_id_client_id_key unique (id, client_id),
    constraint orders_status_check check (status in ('draft', 'placed', 'delivered', 'cancelled')),
    constraint orders_currency_known_check check (is_currency(currency))
);
create index orders_client_id_idx on orders (client_id);
call audit_table('orders', label => 'number');
call enable_rls('orders', 'company');
create table order_lines (
    id uuid primary key, created_at timestamptz not null, updated_at timestamptz not null,
    version bigint not null default 1,
    order_id uuid not null, client_id uuid not null, position bigint not null,
    title text not null, quantity bigint not null, unit_price numeric(12, 2) not null,
    constraint order_lines_quantity_check check (quantity > 0)
);
create index order_lines_order_id_idx on order_lines (order_id);
create index order_lines_client_id_idx on order_lines (client_id);
call part_of('order_lines', 'order_id', 'orders');
call audit_table('order_lines', 'orders', 'order_id', label => 'title');
call enable_rls('order_lines', 'company');
create table payments (
    id uuid primary key, created_at timestamptz not null,
    order_id uuid not null, client_id uuid not null, amount numeric(12, 2) not null, paid_on date not null,
    constraint payments_amount_check check (amount <> 0)
);
create index payments_order_id_created_at_id_idx on payments (order_id, created_at, id);
create index payments_client_id_idx on payments (client_id);
call part_of('payments', 'order_id', 'orders', 'restrict');
call final_table('payments');
call enable_rls('payments', 'company', rights => 'select, insert');
