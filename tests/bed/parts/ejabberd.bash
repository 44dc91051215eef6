# ejabberd 23.01, run by the Erlang of its package with its own launcher's library folder.
# shellcheck shell=bash disable=SC2154

# ejabberd with its database NAME-db, its sessions in the Redis NAME-redis (with a password), and the accounts alice and bob. Sets
# port (c2s with STARTTLS), s2s_port, http_port (/api /bosh /ws), domain, db, redis, ca_file, alice_file, bob_file.
bed_ejabberd() { # folder, folder of bed_tls [, name of a coturn]
    local name dir account
    bed_new ejabberd "$1"
    bed_take "$name" port s2s_port http_port erlang_port
    bed[$name.ca_file]=$2/ca.pem bed[$name.schema]=/usr/share/ejabberd/sql/pg.sql bed[$name.redis]=$name-redis
    bed_redis "$dir/$name-redis" password
    bed_product "$name" "${3:-}"
    bed_product_schema "$name" app
    cat "$2/good/chain.pem" "$2/good/key.pem" | bed_file "$dir/cert.pem"
    bed_ejabberd_config "$name"
    bed_up "$name"
    for account in alice bob; do
        printf '{"user": "%s", "host": "%s", "password": "%s"}' "$account" "$bed_domain" "$(cat "$dir/$account")" |
            bed_near "$name" curl -sf -m 10 -o /dev/null -H 'Content-Type: application/json' -d @- "http://$bed_address:${bed[$name.http_port]}/api/register"
    done
}
bed_ejabberd_config() { # name
    local name=$1 dir=${bed[$1.dir]} at=${bed[$1.address]} turn=${bed[$1.turn]} redis=${bed[$1.redis]} password=
    [ -z "${bed[$name.redis_password_file]}" ] || password=$(cat "${bed[$name.redis_password_file]}")
    bed_file "$dir/ejabberd.yml" <<X
loglevel: info
hosts: [$bed_domain]
certfiles: [$dir/cert.pem]
s2s_use_starttls: required
default_db: sql
sql_type: pgsql
sql_server: "${bed[$name.db_address]}"
sql_port: ${bed[$name.db_port]}
sql_database: "${bed[$name.db_name]}"
sql_username: app
sql_password: "$(cat "${bed[$name.db_password_file]}")"
sql_pool_size: 5
sm_db_type: redis
redis_server: "${bed[$redis.address]}"
redis_port: ${bed[$redis.port]}
redis_password: "$password"
auth_method: [sql]
auth_password_format: scram
listen:
  - {port: ${bed[$name.port]}, ip: "$at", module: ejabberd_c2s, starttls: true, starttls_required: true}
  - {port: ${bed[$name.s2s_port]}, ip: "$at", module: ejabberd_s2s_in}
  - {port: ${bed[$name.http_port]}, ip: "$at", module: ejabberd_http, request_handlers: {/api: mod_http_api, /bosh: mod_bosh, /ws: ejabberd_http_ws}}
api_permissions:
  "local api": {who: {ip: [127.0.0.0/8, $at/16]}, what: [status, stats, connected_users_number, register, unregister, check_account, check_password]}
modules:
  mod_admin_extra: {}
  mod_bosh: {}
  mod_disco: {}
  mod_http_api: {}
  mod_last: {}
  mod_offline: {}
  mod_ping: {}
  mod_roster: {}
  mod_stats: {}
$([ -z "$turn" ] || printf '  mod_stun_disco: {secret: "%s", services: [{host: "%s", port: %s, type: turn, transport: udp, restricted: true}]}\n' \
        "$(cat "${bed[$name.turn_secret_file]}")" "${bed[$turn.address]}" "${bed[$turn.port]}")
X
}
bed_ejabberd_run() {
    local name=$1 dir=${bed[$1.dir]}
    bed_spawn "$name" ERL_LIBS="$(sed -n "s/^ERL_LIBS='\(.*\)'/\1/p" /usr/sbin/ejabberdctl)" EJABBERD_CONFIG_PATH="$dir/ejabberd.yml" \
        EJABBERD_LOG_PATH="$dir/ejabberd.log" ERL_CRASH_DUMP="$dir/crash.dump" erl -sname bed@localhost -start_epmd false \
        -erl_epmd_port "${bed[$name.erlang_port]}" -kernel inet_dist_use_interface '{127,0,0,1}' -mnesia dir "\"$dir/mnesia\"" -s ejabberd -noinput
}
bed_ejabberd_ready() { bed_near "$1" curl -s -m 2 "http://${bed[$1.address]}:${bed[$1.http_port]}/api/status" | grep -q started; }
