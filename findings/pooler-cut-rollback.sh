#!/bin/sh
# psycopg 3.3.9 behind PgBouncer 1.18: where the server's process of an open transaction is ended, `rollback()` raises
# psycopg.InternalError "received 2 results from command 'ROLLBACK'", without an SQLSTATE, in place of the
# OperationalError (AdminShutdown, 57P01) of a connection without a pooler: PgBouncer adds an error of its own to the
# server's last one. Whoever tells lost connections by the kind of error or its SQLSTATE takes it for a fault.
# Source: psycopg/_connection_base.py, `_exec_command`. Seen: "direct: AdminShutdown 57P01", "pooled: InternalError None".
# Needs Debian's pgbouncer and postgresql (15 or newer), which it installs where it may.
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
runs=
trap 'for one in $runs; do kill "$one" 2>/dev/null || true; done; sleep 1; rm -rf "$folder"' EXIT
if ! [ -x /usr/sbin/pgbouncer ] || ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y pgbouncer postgresql >/dev/null
fi
programs=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'psycopg[binary]==3.3.9'
as_user() { if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --clear-groups "$@"; else "$@"; fi; }
mkdir "$folder/data"
[ "$(id -u)" != 0 ] || chown postgres "$folder/data"
as_user "$programs/initdb" -D "$folder/data" -U postgres --auth=trust >/dev/null
as_user "$programs/postgres" -D "$folder/data" -p 45432 -c unix_socket_directories= -c listen_addresses=127.0.0.1 \
    >/dev/null 2>&1 & runs="$runs $!"
echo '"postgres" ""' >"$folder/users"
cat >"$folder/pgbouncer.ini" <<END
[databases]
* = host=127.0.0.1 port=45432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 45433
unix_socket_dir =
auth_type = trust
auth_file = $folder/users
pool_mode = transaction
END
as_user /usr/sbin/pgbouncer -q "$folder/pgbouncer.ini" >/dev/null 2>&1 & runs="$runs $!"
sleep 3
"$folder/venv/bin/python" - <<'END'
import sys
import time

import psycopg

seen = []
for name, port in (("direct", 45432), ("pooled", 45433)):
    owner = psycopg.connect("host=127.0.0.1 port=45432 user=postgres dbname=postgres", autocommit=True)
    one = psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres")
    pid = one.execute("select pg_backend_pid()").fetchone()[0]
    owner.execute("select pg_terminate_backend(%s, 5000)", [pid])
    time.sleep(0.2)
    try:
        one.rollback()
    except psycopg.Error as error:
        seen.append(f"{name}: {type(error).__name__} {error.sqlstate}")
        print(seen[-1], "-", str(error).splitlines()[0])
sys.exit(seen != ["direct: AdminShutdown 57P01", "pooled: InternalError None"])
END
