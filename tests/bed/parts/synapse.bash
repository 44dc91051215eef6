# Matrix Synapse, from synapse-root.
# shellcheck shell=bash disable=SC2154

# Synapse with its database NAME-db and the accounts alice and bob. Sets port (client and federation API, plain HTTP),
# metrics_port, domain, db, alice_file, bob_file, registration_file.
bed_synapse() { # folder [, name of a coturn]
    local name dir
    bed_new synapse "$1"
    bed[$name.root]=$("$bed_home/synapse-root")
    bed_take "$name" port metrics_port
    bed_secret "$name" registration macaroon form
    bed_product "$name" "${2:-}"
    printf 'ed25519 a_bed %s\n' "$(openssl rand -base64 32 | tr -d =)" | bed_file "$dir/signing.key"
    bed_file "$dir/log.yaml" <<'X'
version: 1
formatters: {precise: {format: '%(asctime)s - %(name)s - %(lineno)d - %(levelname)s - %(request)s - %(message)s'}}
handlers: {console: {class: logging.StreamHandler, formatter: precise}}
root: {level: INFO, handlers: [console]}
disable_existing_loggers: false
X
    bed_synapse_config "$name"
    bed_up "$name"
    bed_near "$name" python3 "$bed_home/parts/synapse_account.py" "http://$bed_address:${bed[$name.port]}" "$dir/registration" "$dir/alice" "$dir/bob"
}
# Its folder is /srv for the server.
bed_synapse_config() { # name
    local name=$1 dir=${bed[$1.dir]} at=${bed[$1.address]} turn=${bed[$1.turn]} limit='{per_second: 1000, burst_count: 1000}'
    {
        printf 'server_name: "%s"\npublic_baseurl: "http://%s:%s/"\npid_file: /srv/pid\nreport_stats: false\nsigning_key_path: /srv/signing.key\n' \
            "$bed_domain" "$at" "${bed[$name.port]}"
        printf 'media_store_path: /srv/media\nlog_config: /srv/log.yaml\nregistration_shared_secret: "%s"\nmacaroon_secret_key: "%s"\nform_secret: "%s"\n' \
            "$(cat "$dir/registration")" "$(cat "$dir/macaroon")" "$(cat "$dir/form")"
        printf 'trusted_key_servers: []\nsuppress_key_server_warning: true\nfederation_domain_whitelist: []\nenable_metrics: true\n'
        printf 'listeners:\n  - {port: %s, type: http, tls: false, x_forwarded: true, bind_addresses: ["%s"], resources: [{names: [client, federation]}]}\n' \
            "${bed[$name.port]}" "$at"
        printf '  - {port: %s, type: metrics, bind_addresses: ["%s"]}\n' "${bed[$name.metrics_port]}" "$at"
        printf 'database: {name: psycopg2, args: {user: app, password: "%s", dbname: "%s", host: "%s", port: %s, cp_min: 5, cp_max: 10}}\n' \
            "$(cat "${bed[$name.db_password_file]}")" "${bed[$name.db_name]}" "${bed[$name.db_address]}" "${bed[$name.db_port]}"
        printf 'rc_login: {address: %s, account: %s, failed_attempts: %s}\nrc_message: %s\n' "$limit" "$limit" "$limit" "$limit"
        [ -z "$turn" ] || printf 'turn_uris: ["turn:%s:%s?transport=udp"]\nturn_shared_secret: "%s"\nturn_user_lifetime: 1h\n' \
            "${bed[$turn.address]}" "${bed[$turn.port]}" "$(cat "${bed[$name.turn_secret_file]}")"
    } | bed_file "$dir/homeserver.yaml"
}
bed_synapse_run() { bed_spawn "$1" PYTHONDONTWRITEBYTECODE=1 python3 -m synapse.app.homeserver -c /srv/homeserver.yaml; }
bed_synapse_ready() { bed_near "$1" curl -sf -m 2 -o /dev/null "http://${bed[$1.address]}:${bed[$1.port]}/health"; }
