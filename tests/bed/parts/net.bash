# Fronts, mail, names, and a server that misbehaves.
# shellcheck shell=bash disable=SC2154

# nginx with the certificates of a bed_tls. Its port is the front of a Synapse and of an ejabberd, where given; the ports named
# after the sets (NAME.expired ...) and NAME.tls10, which speaks TLS 1.0 alone, answer "ok". Sets them and plain_port.
bed_nginx() { # folder, folder of bed_tls [, name of a Synapse [, name of an ejabberd or '']]
    local name dir set
    bed_new nginx "$1"
    bed_take "$name" port plain_port tls10
    bed[$name.ca_file]=$2/ca.pem
    for set in good expired expiring wrong-name missing-intermediate self-signed; do
        bed_take "$name" "$set"
        bed_file "$dir/$set.key" <"$2/$set/key.pem"
        bed_file "$dir/$set.pem" <"$2/$set/chain.pem"
    done
    mkdir "$dir/temp"
    [ "$(id -u)" != 0 ] || chown nobody: "$dir/temp"
    bed_nginx_config "$name" "${3:-}" "${4:-}" | bed_file "$dir/nginx.conf"
    bed_up "$name"
}
bed_nginx_config() { # name, Synapse, ejabberd
    local dir=${bed[$1.dir]} set path at=${bed[$1.address]}
    printf 'daemon off;\nmaster_process off;\nworker_processes 1;\npid %s/pid;\nerror_log stderr;\nevents { worker_connections 512; }\nhttp {\n' "$dir"
    for path in client_body proxy fastcgi uwsgi scgi; do printf '%s_temp_path %s/temp/%s;\n' "$path" "$dir" "$path"; done
    printf 'access_log off;\nserver_tokens off;\nclient_max_body_size 50m;\n'
    for set in good expired expiring wrong-name missing-intermediate self-signed tls10; do
        printf 'server {\n  listen %s:%s ssl;\n' "$at" "${bed[$1.$set]}"
        if [ "$set" = tls10 ]; then
            printf '  ssl_protocols TLSv1;\n  ssl_ciphers ALL:@SECLEVEL=0;\n'
            set=good
        fi
        printf '  ssl_certificate %s/%s.pem;\n  ssl_certificate_key %s/%s.key;\n  return 200 ok;\n}\n' "$dir" "$set" "$dir" "$set"
    done
    printf 'server {\n  listen %s:%s;\n  listen %s:%s ssl;\n  server_name %s;\n' "$at" "${bed[$1.plain_port]}" "$at" "${bed[$1.port]}" "$bed_domain"
    printf '  ssl_certificate %s/good.pem;\n  ssl_certificate_key %s/good.key;\n  default_type application/json;\n' "$dir" "$dir"
    # shellcheck disable=SC2016 # variables of nginx
    printf '  proxy_http_version 1.1;\n  proxy_set_header Host $host;\n  proxy_set_header X-Forwarded-For $remote_addr;\n  proxy_set_header X-Forwarded-Proto $scheme;\n'
    if [ -n "$2" ]; then
        printf '  location = /.well-known/matrix/client { return 200 '\''{"m.homeserver": {"base_url": "https://%s:%s"}}'\''; }\n' "$bed_domain" "${bed[$1.port]}"
        printf '  location = /.well-known/matrix/server { return 200 '\''{"m.server": "%s:%s"}'\''; }\n' "$bed_domain" "${bed[$1.port]}"
        printf '  location ~ ^(/_matrix|/_synapse/client|/health$) { proxy_pass http://%s:%s; }\n' "${bed[$2.address]}" "${bed[$2.port]}"
    fi
    if [ -n "$3" ]; then
        # shellcheck disable=SC2016
        printf '  location = /ws { proxy_pass http://%s:%s; proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }\n' \
            "${bed[$3.address]}" "${bed[$3.http_port]}"
        printf '  location = /bosh { proxy_pass http://%s:%s; }\n' "${bed[$3.address]}" "${bed[$3.http_port]}"
    fi
    printf '  location = / { return 200 "{}"; }\n  location / { return 404; }\n}\n}\n'
}
bed_nginx_run() { bed_spawn "$1" nginx -c "${bed[$1.dir]}/nginx.conf" -e stderr -p "${bed[$1.dir]}"; }
bed_nginx_ready() { bed_near "$1" curl -sf -m 2 -o /dev/null "http://${bed[$1.address]}:${bed[$1.plain_port]}/"; }

# HAProxy before the HTTP port of each given bed, and before one server that is down. Sets port, stats_port (/stats;csv).
bed_haproxy() { # folder, NAME:KEY of ports...
    local name dir one
    bed_new haproxy "$1"
    bed_take "$name" port stats_port gone
    shift
    {
        printf 'global\n  maxconn 200\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n'
        printf 'frontend stats\n  bind %s:%s\n  stats enable\n  stats uri /stats\n' "$bed_address" "${bed[$name.stats_port]}"
        printf 'frontend front\n  bind %s:%s\n  default_backend servers\n' "$bed_address" "${bed[$name.port]}"
        printf 'backend servers\n'
        for one; do printf '  server %s %s:%s check inter 500ms\n' "${one%:*}" "${bed[${one%:*}.address]}" "${bed[${one%:*}.${one#*:}]}"; done
        printf '  server gone %s:%s check inter 500ms fall 1\n' "$bed_address" "${bed[$name.gone]}"
    } | bed_file "$dir/haproxy.cfg"
    bed_up "$name"
}
bed_haproxy_run() { bed_spawn "$1" haproxy -db -f "${bed[$1.dir]}/haproxy.cfg"; }
bed_haproxy_ready() { # when it has found out that `gone` is
    bed_near "$1" curl -sf -m 2 "http://${bed[$1.address]}:${bed[$1.stats_port]}/stats;csv" | grep -q '^servers,gone,.*,DOWN,'
}

# A mail server that keeps what it is sent in DIR/mail. It demands STARTTLS, with the set `good` of bed_tls, before it takes a
# password. Sets port, user, password_file, mail.
bed_smtp() { # folder, folder of bed_tls
    local name dir
    bed_new smtp "$1"
    bed_take "$name" port
    bed_secret "$name" password
    bed[$name.user]=sender bed[$name.mail]=$dir/mail
    bed_file "$dir/key.pem" <"$2/good/key.pem"
    bed_file "$dir/chain.pem" <"$2/good/chain.pem"
    bed_file "$dir/login" <<<"sender $(cat "$dir/password")"
    bed_file "$dir/server.py" <"$bed_home/parts/smtp_sink.py"
    bed_up "$name"
}
bed_smtp_run() { bed_spawn "$1" python3 server.py "${bed[$1.address]}" "${bed[$1.port]}"; }
bed_smtp_ready() { bed_near "$1" curl -s -m 2 "smtp://${bed[$1.address]}:${bed[$1.port]}" -X NOOP; }

# A name server with the records of bed_domain: A, _xmpp-client, _xmpp-server, _matrix-fed, MX. Sets port.
bed_dns() { # folder, lines of dnsmasq's configuration from standard input, or none
    local name dir
    bed_new dns "$1"
    bed_take "$name" port
    {
        printf 'port=%s\nlisten-address=%s\nbind-interfaces\nno-resolv\nno-hosts\nkeep-in-foreground\nlog-facility=-\nlocal-ttl=60\n' "${bed[$name.port]}" "$bed_address"
        printf 'pid-file=%s/pid\nuser=\nlocal=/test.local/\n' "$dir"
        printf 'host-record=%s,%s\nmx-host=%s,mail.%s,10\n' "$bed_domain" "$bed_address" "$bed_domain" "$bed_domain"
        printf 'srv-host=_xmpp-client._tcp.%s,%s,5222\nsrv-host=_xmpp-server._tcp.%s,%s,5269\nsrv-host=_matrix-fed._tcp.%s,%s,8448\n' \
            "$bed_domain" "$bed_domain" "$bed_domain" "$bed_domain" "$bed_domain" "$bed_domain"
        cat
    } | bed_file "$dir/dnsmasq.conf"
    bed_up "$name"
}
bed_dns_run() { bed_spawn "$1" dnsmasq --conf-file="${bed[$1.dir]}/dnsmasq.conf"; }
bed_dns_ready() { bed_near "$1" python3 "$bed_home/ask_dns.py" "${bed[$1.address]}" "${bed[$1.port]}" "$bed_domain" A; }

# A server that misbehaves in another way on each port, named after it: silent drip endless redirect invalid not-tls slow-headers early-close.
bed_bad_http() { # folder
    local name dir way port
    bed_new bad_http "$1"
    bed_file "$dir/server.py" <"$bed_home/bad_http.py"
    bed_up "$name"
    while read -r way port; do bed[$name.$way]=$port; done <"$dir/ports"
}
bed_bad_http_run() { bed_spawn "$1" python3 server.py "${bed[$1.address]}" ports; }
bed_bad_http_ready() { test -s "${bed[$1.dir]}/ports"; }
