#!/bin/sh
# Makes the database at the first start and runs it. Killed in between, the next start makes it anew.
set -eu
if [ ! -e "$PGDATA/made" ]; then
    find "$PGDATA" -mindepth 1 -delete
    initdb --username "$POSTGRES_USER" --pwfile /run/secrets/database-password --auth-host scram-sha-256 --auth-local trust \
        --encoding UTF8 >/dev/null
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    # A server that nobody else reaches yet.
    pg_ctl --silent --wait --options "-c listen_addresses='' -c unix_socket_directories='$PGDATA'" start
    createdb --host "$PGDATA" --username "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl --silent --wait stop
    touch "$PGDATA/made" && sync "$PGDATA/made"
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp
