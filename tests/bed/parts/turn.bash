# coturn.
# shellcheck shell=bash disable=SC2154

# A TURN server with a shared secret, UDP and TCP. Sets port, secret_file, realm.
bed_coturn() { # folder
    local name dir
    bed_new coturn "$1"
    bed_take "$name" port
    bed_secret "$name" secret
    bed[$name.realm]=$bed_domain
    bed_file "$dir/turnserver.conf" <<X
listening-ip=$bed_address
relay-ip=$bed_address
listening-port=${bed[$name.port]}
min-port=49152
max-port=49999
use-auth-secret
static-auth-secret=$(cat "$dir/secret")
realm=$bed_domain
no-tls
no-dtls
no-cli
no-tcp-relay
$(printf 'denied-peer-ip=%s\n' 10.0.0.0-10.255.255.255 172.16.0.0-172.31.255.255 192.168.0.0-192.168.255.255 169.254.0.0-169.254.255.255 100.64.0.0-100.127.255.255)
fingerprint
userdb=$dir/turndb
pidfile=$dir/pid
log-file=stdout
simple-log
X
    bed_up "$name"
}
bed_coturn_run() { bed_spawn "$1" turnserver -c "${bed[$1.dir]}/turnserver.conf"; }
bed_coturn_ready() { bed_near "$1" timeout 1 turnutils_stunclient -p "${bed[$1.port]}" "${bed[$1.address]}" | grep -q 'reflexive'; }
