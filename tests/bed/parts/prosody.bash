# Prosody.
# shellcheck shell=bash disable=SC2154

# Prosody with its own storage and the accounts alice and bob. Sets port (c2s with STARTTLS), s2s_port, http_port (/http-bind
# /xmpp-websocket /metrics; the Host must be the domain), domain, ca_file, alice_file, bob_file.
bed_prosody() { # folder, folder of bed_tls
    local name dir account folder
    bed_new prosody "$1"
    bed_take "$name" port s2s_port http_port
    bed_secret "$name" alice bob
    bed[$name.domain]=$bed_domain bed[$name.ca_file]=$2/ca.pem
    bed_file "$dir/key.pem" <"$2/good/key.pem"
    bed_file "$dir/chain.pem" <"$2/good/chain.pem"
    folder=$dir/data/${bed_domain//./%2e}/accounts
    bed_as "$name" mkdir -p "$folder"
    for account in alice bob; do bed_file "$folder/$account.dat" <<<"return { [\"password\"] = \"$(cat "$dir/$account")\" };"; done
    bed_file "$dir/prosody.cfg.lua" <<X
pidfile = "$dir/pid"
data_path = "$dir/data"
log = { info = "*console" }
interfaces = { "$bed_address" }
c2s_ports = { ${bed[$name.port]} }
s2s_ports = { ${bed[$name.s2s_port]} }
http_ports = { ${bed[$name.http_port]} }
http_interfaces = { "$bed_address" }
https_ports = {}
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "bosh", "websocket", "http_openmetrics" }
statistics = "internal"
openmetrics_allow_ips = { "127.0.0.1", "$bed_address" }
authentication = "internal_plain"
c2s_require_encryption = true
s2s_require_encryption = true
VirtualHost "$bed_domain"
    ssl = { key = "$dir/key.pem", certificate = "$dir/chain.pem" }
X
    bed_up "$name"
}
bed_prosody_run() { bed_spawn "$1" prosody -F --config "${bed[$1.dir]}/prosody.cfg.lua"; }
bed_prosody_ready() { bed_near "$1" curl -sf -m 2 -o /dev/null -H "Host: ${bed[$1.domain]}" "http://${bed[$1.address]}:${bed[$1.http_port]}/http-bind"; }
