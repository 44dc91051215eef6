# --- Reads the files of services that an installation has already, and says which of them run. Before it: imops_places (patterns of
# --- paths), imops_file_limit and imops_host_limit (bytes). Spoken, after the mark:
#   file PATH             its bytes follow, up to
#   end STATUS            whether they could be read to the end
#   unreadable | irregular PATH
#   large PATH BYTES      of one file, or of all of them
#   odd                   a file whose name cannot be told
#   runs SERVICE
# It only reads. Nothing is written to any disk; nothing stays behind.
imops_watch
imops_left=$imops_host_limit
imops_file() {
    [ -e "$1" ] || [ -L "$1" ] || return 0
    case $1 in *[!A-Za-z0-9._/@%+,=:-]*) tell odd; return ;; esac
    [ -e "$1" ] || { tell unreadable "$1"; return; }
    [ -f "$1" ] || { [ -d "$1" ] || tell irregular "$1"; return; }
    [ -r "$1" ] || { tell unreadable "$1"; return; }
    imops_size=$(wc -c <"$1") || { tell unreadable "$1"; return; }
    if [ "$imops_size" -gt "$imops_file_limit" ] || [ "$imops_size" -gt "$imops_left" ]; then tell large "$1" "$imops_size"; return; fi
    imops_left=$((imops_left - imops_size))
    tell file "$1"
    head -c "$imops_file_limit" <"$1"
    tell end "$?"
}
imops_unit() { # service, unit...
    imops_service=$1
    shift
    for imops_u in "$@"; do
        if systemctl is-active --quiet "$imops_u" 2>/dev/null; then tell runs "$imops_service"; return; fi
    done
}
for imops_f in $imops_places; do imops_file "$imops_f"; done
for imops_p in /proc/[0-9]*; do
    imops_comm=
    { read -r imops_comm <"$imops_p/comm"; } 2>/dev/null || continue
    case $imops_comm in
        nginx) tell runs nginx ;;
        haproxy) tell runs haproxy ;;
        postgres) tell runs postgresql ;;
        redis-server) tell runs redis ;;
        turnserver) tell runs coturn ;;
        beam* | lua* | prosody | python*)
            case $({ tr '\0' ' ' <"$imops_p/cmdline"; } 2>/dev/null) in
                *ejabberd*) tell runs ejabberd ;;
                *prosody*) tell runs prosody ;;
                *synapse.app.*) tell runs synapse ;;
            esac
            ;;
    esac
done
if have systemctl; then
    imops_unit synapse matrix-synapse
    imops_unit ejabberd ejabberd
    imops_unit prosody prosody
    imops_unit nginx nginx
    imops_unit haproxy haproxy
    imops_unit postgresql postgresql
    imops_unit redis redis-server redis
    imops_unit coturn coturn
fi
imops_unwatch
tell over
