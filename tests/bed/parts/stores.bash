# Databases and caches.
# shellcheck shell=bash disable=SC2154

# PostgreSQL with the database app of the role app, passwords demanded; the role admin may do everything. With a set of bed_tls
# it also speaks TLS. Sets port, database, user, password_file, admin, admin_file, pgpass.
bed_postgres() { # folder [, folder of a certificate]
    local name dir bin unprivileged
    bed_new postgres "$1"
    bed_take "$name" port
    bed_secret "$name" password admin
    bed[$name.database]=app bed[$name.user]=app bed[$name.admin]=admin bed[$name.pgpass]=$dir/pgpass
    bed[$name.signal]=INT # ends its sessions too
    bin=$(find /usr/lib/postgresql -path '*/bin/postgres' | sort -V | tail -n 1)
    bed[$name.bin]=${bin%/*}
    (umask 077 && printf '*:*:*:admin:%s\n*:*:*:app:%s\n' "$(cat "$dir/admin")" "$(cat "$dir/password")" >"$dir/pgpass")
    bed_file "$dir/pwfile" <"$dir/admin"
    bed_as "$name" "${bed[$name.bin]}/initdb" -D "$dir/data" -U admin --pwfile="$dir/pwfile" -A scram-sha-256 -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1
    rm "$dir/pwfile"
    {
        printf "listen_addresses = '%s'\nport = %s\nunix_socket_directories = ''\nfsync = off\n" "$bed_address" "${bed[$name.port]}"
        if [ $# -ge 2 ]; then
            bed_file "$dir/data/server.key" <"$2/key.pem"
            bed_file "$dir/data/server.crt" <"$2/chain.pem"
            printf 'ssl = on\n'
        fi
    } >>"$dir/data/postgresql.conf"
    [ "$bed_address" = 127.0.0.1 ] || printf 'host all all %s/16 scram-sha-256\n' "$bed_address" >>"$dir/data/pg_hba.conf"
    bed_up "$name"
    bed_psql "$name" postgres >/dev/null <<<"create role app login password '$(cat "$dir/password")'; create database app owner app template template0;"
}
bed_postgres_run() { bed_spawn "$1" "${bed[$1.bin]}/postgres" -D "${bed[$1.dir]}/data"; }
bed_postgres_ready() { bed_psql "$1" postgres <<<'select 1'; }
# As its administrator, statements from standard input; with BED_PSQL_USER=app as the application.
bed_psql() { # name, database [, options of psql]
    local name=$1 database=$2
    shift 2
    PGPASSFILE=${bed[$name.pgpass]} PGCONNECT_TIMEOUT=5 PGOPTIONS="-c client_min_messages=warning" bed_near "$name" psql -XqAt -v ON_ERROR_STOP=1 \
        -h "${bed[$name.address]}" -p "${bed[$name.port]}" -U "${BED_PSQL_USER:-admin}" -d "$database" "$@"
}

# MariaDB with the database app and the user app; the user root may do everything, from this machine. Sets port, database, user,
# password_file, admin, admin_file, client_file (for --defaults-extra-file; the user app), admin_client_file.
bed_mariadb() { # folder
    local name dir
    bed_new mariadb "$1"
    bed_take "$name" port
    bed_secret "$name" password admin
    bed[$name.database]=app bed[$name.user]=app bed[$name.admin]=root
    bed[$name.client_file]=$dir/client.cnf bed[$name.admin_client_file]=$dir/admin.cnf
    (
        umask 077
        printf '[client]\nhost=%s\nport=%s\nuser=app\npassword=%s\n' "$bed_address" "${bed[$name.port]}" "$(cat "$dir/password")" >"$dir/client.cnf"
        printf '[client]\nhost=%s\nport=%s\nuser=root\npassword=%s\n' "$bed_address" "${bed[$name.port]}" "$(cat "$dir/admin")" >"$dir/admin.cnf"
    )
    # The first statements are run before it listens.
    bed_file "$dir/init.sql" <<X
set password for root@localhost = password('$(cat "$dir/admin")');
create or replace user root@'%' identified by '$(cat "$dir/admin")';
grant all on *.* to root@'%' with grant option;
create database if not exists app character set utf8mb4;
create or replace user app@'%' identified by '$(cat "$dir/password")';
grant all on app.* to app@'%';
X
    bed_as "$name" mariadb-install-db --no-defaults --datadir="$dir/data" --skip-test-db --auth-root-authentication-method=normal \
        --skip-name-resolve >"$dir/log" 2>&1
    bed_up "$name"
}
bed_mariadb_run() {
    bed_spawn "$1" mariadbd --no-defaults --datadir="${bed[$1.dir]}/data" --bind-address="${bed[$1.address]}" --port="${bed[$1.port]}" \
        --socket="${bed[$1.dir]}/socket" --pid-file="${bed[$1.dir]}/data/pid" --skip-name-resolve --init-file="${bed[$1.dir]}/init.sql" \
        --innodb-flush-log-at-trx-commit=0
}
bed_mariadb_ready() { bed_near "$1" mariadb --defaults-file="${bed[$1.client_file]}" --connect-timeout=2 -e 'select 1' app; }

bed_memcached() { # folder; sets port
    local name dir
    bed_new memcached "$1"
    bed_take "$name" port
    bed_up "$name"
}
bed_memcached_run() { bed_spawn "$1" memcached -l "${bed[$1.address]}" -p "${bed[$1.port]}" -U 0 -m 16; }
# shellcheck disable=SC2016 # expanded by that shell
bed_memcached_ready() {
    bed_near "$1" timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "version\r\n" >&3 && read -r line <&3 && [[ $line == VERSION* ]]' \
        "${bed[$1.address]}" "${bed[$1.port]}"
}

# Redis: `plain` (the default), `password`, `sentinel` (NAME is the sentinel of the primary NAME-primary, called `bed`, and of NAME-replica),
# `cluster` (NAME-1 to NAME-6, three of them primaries). Sets port, and password_file.
bed_redis() { # folder [, variant]
    local name dir
    case ${2:-plain} in
        plain) bed_redis_one "$1" </dev/null ;;
        password) bed_redis_one "$1" requirepass </dev/null ;;
        sentinel)
            name=${1##*/}
            bed_redis_one "$1-primary" <<<'repl-diskless-sync-delay 0'
            bed_redis_one "$1-replica" <<<"replicaof $bed_address ${bed[$name-primary.port]}"
            bed_new redis "$1"
            bed_take "$name" port
            bed_file "$dir/redis.conf" <<X
port ${bed[$name.port]}
bind $bed_address
dir $dir
sentinel monitor bed $bed_address ${bed[$name-primary.port]} 1
sentinel down-after-milliseconds bed 2000
X
            bed[$name.mode]=--sentinel
            bed_up "$name"
            bed_wait "$name" bed_sentinel_knows "$name"
            bed_wait "$name-replica" bed_replica_follows "$name-replica"
            ;;
        cluster) bed_redis_cluster "$1" ;;
        *) printf 'bed: no such Redis: %s\n' "$2" >&2; return 1 ;;
    esac
}
bed_redis_one() { # folder [, requirepass], lines of its configuration from standard input
    local name dir
    bed_new redis "$1"
    bed_take "$name" port
    [ -z "${2:-}" ] || bed_secret "$name" password
    {
        printf 'port %s\nbind %s\ndir %s\nsave ""\nprotected-mode no\n' "${bed[$name.port]}" "$bed_address" "$dir"
        [ -z "${2:-}" ] || printf 'requirepass %s\n' "$(cat "$dir/password")"
        cat
    } | bed_file "$dir/redis.conf"
    bed_up "$name"
}
bed_redis_run() { bed_spawn "$1" redis-server "${bed[$1.dir]}/redis.conf" ${bed[$1.mode]:+"${bed[$1.mode]}"}; }
bed_redis_ready() { bed_redis_cli "$1" ping | grep -q PONG; }
bed_redis_cli() { # name, words...
    local name=$1 password=${bed[$1.password_file]:-}
    shift
    REDISCLI_AUTH=${password:+$(cat "$password")} bed_near "$name" timeout 10 redis-cli -h "${bed[$name.address]}" -p "${bed[$name.port]}" "$@"
}
bed_sentinel_knows() { bed_redis_cli "$1" sentinel replicas bed | grep -q "${bed[$1-replica.port]}"; }
bed_replica_follows() { bed_redis_cli "$1" info replication | grep -q 'master_link_status:up'; }
bed_redis_cluster() { # folder
    local name=${1##*/} n members=()
    bed[$name.address]=$bed_address bed[$name.netns]=$bed_netns
    for n in 1 2 3 4 5 6; do
        bed_take "$name" bus
        bed_redis_one "$1-$n" <<<"cluster-enabled yes
cluster-port ${bed[$name.bus]}
cluster-node-timeout 2000"
        members+=("$bed_address:${bed[$name-$n.port]}")
    done
    bed_near "$name-1" timeout 60 redis-cli --cluster create "${members[@]}" --cluster-replicas 1 --cluster-yes >"${bed[$name-1.dir]}/create.log"
    bed[$name.port]=${bed[$name-1.port]}
    bed_wait "$name-1" bed_cluster_knows "$name-1"
}
bed_cluster_knows() {
    [[ $(bed_redis_cli "$1" cluster info) == *cluster_state:ok*cluster_known_nodes:6* ]] && [ "$(bed_redis_cli "$1" cluster nodes | grep -c slave)" = 3 ]
}
