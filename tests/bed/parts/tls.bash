# Certificates of a private authority, made with openssl.
# shellcheck shell=bash disable=SC2154

# Makes the authority and, each in a folder of that name with chain.pem (as a server shows it), cert.pem and key.pem, the sets
#   good  expired  expiring (2 of 90 days left)  wrong-name  missing-intermediate  key-mismatch  self-signed
# for bed_domain, names below it, localhost and the bed's address. It is no server: sets only ca_file and dir.
bed_tls() { # folder
    local name dir day=86400 now
    bed_new tls "$1"
    bed[$name.ca_file]=$dir/ca.pem
    printf -v now '%(%s)T' -1
    bed_tls_config >"$dir/openssl.cnf"
    (
        set -e
        cd "$dir"
        exec {said}>&2 2>openssl.log
        trap '[ $? = 0 ] || cat openssl.log >&$said' EXIT
        umask 077
        mkdir issued
        : >index.txt
        openssl req -x509 -config openssl.cnf -extensions authority -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
            -subj '/CN=Bed Root' -keyout ca.key -out ca.pem
        bed_tls_issue intermediate authority '/CN=Bed Intermediate' ca $((now - day)) $((now + 3650 * day))
        for set in good missing-intermediate key-mismatch; do
            bed_tls_issue "$set" server "/CN=$bed_domain" intermediate/ca $((now - 30 * day)) $((now + 335 * day))
        done
        bed_tls_issue expired server "/CN=$bed_domain" intermediate/ca $((now - 91 * day)) $((now - day))
        bed_tls_issue expiring server "/CN=$bed_domain" intermediate/ca $((now - 88 * day)) $((now + 2 * day))
        bed_tls_issue wrong-name other '/CN=other.test.local' intermediate/ca $((now - 30 * day)) $((now + 335 * day))
        cp missing-intermediate/cert.pem missing-intermediate/chain.pem
        cp good/key.pem key-mismatch/key.pem
        mkdir self-signed
        openssl req -x509 -config openssl.cnf -extensions server -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \
            -subj "/CN=$bed_domain" -keyout self-signed/key.pem -out self-signed/cert.pem
        cp self-signed/cert.pem self-signed/chain.pem
        chmod 644 ca.pem ./*/cert.pem ./*/chain.pem
        chmod 755 good expired expiring wrong-name missing-intermediate key-mismatch self-signed
    )
}
bed_tls_issue() { # set, extensions, subject, authority, from and to in seconds
    local from to
    TZ=UTC printf -v from '%(%Y%m%d%H%M%SZ)T' "$5"
    TZ=UTC printf -v to '%(%Y%m%d%H%M%SZ)T' "$6"
    mkdir "$1"
    openssl req -config openssl.cnf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$3" -keyout "$1/key.pem" -out "$1/request.pem"
    openssl ca -batch -config openssl.cnf -extensions "$2" -notext -cert "$4.pem" -keyfile "$4.key" -startdate "$from" -enddate "$to" \
        -in "$1/request.pem" -out "$1/cert.pem"
    if [ "$2" = authority ]; then
        mv "$1/cert.pem" "$1/ca.pem"
        mv "$1/key.pem" "$1/ca.key"
    else
        cat "$1/cert.pem" intermediate/ca.pem >"$1/chain.pem"
    fi
}
bed_tls_config() {
    cat <<X
[req]
distinguished_name = any
prompt = no
[ca]
default_ca = bed
[bed]
database = index.txt
new_certs_dir = issued
default_md = sha256
policy = any_policy
unique_subject = no
rand_serial = yes
[any]
[any_policy]
commonName = supplied
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:$bed_domain,DNS:*.$bed_domain,DNS:localhost,IP:$bed_address
[other]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:other.test.local
X
}
