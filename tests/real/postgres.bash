# shellcheck shell=bash
# PostgreSQL clusters for tests, on the loopback address or wherever `listen_addresses` is set to; run as user postgres.

pg_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1)
# A command of PostgreSQL, as the user that it must run as.
pg_run() { setpriv --reuid=postgres --regid=postgres --init-groups env -i PATH="$pg_bin:/usr/bin:/bin" LC_ALL=C "$@"; }
# An empty cluster in FOLDER: checksums, UTF8, C; only its own socket lets anybody in.
pg_make() { # folder
    install -d -o postgres -m 700 "$1"
    pg_run initdb -D "$1" -E UTF8 --locale=C -A trust -U postgres -N -k >/dev/null
    printf "listen_addresses = '127.0.0.1'\nunix_socket_directories = '%s'\nshared_buffers = 16MB\nlogging_collector = off\n" "$1" >>"$1/postgresql.conf"
}
pg_start() { pg_run pg_ctl -D "$1" -w -t 60 -l "$1/log" start >/dev/null; } # folder
# What standard input says, as superuser through the socket.
pg_sql() { pg_run psql -X -q -t -A -v ON_ERROR_STOP=1 -h "$1" -p "$2" -U postgres -d "$3"; } # folder, port, database
