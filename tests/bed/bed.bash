# The test bed: real servers for tests, each with ports and a folder of its own, and no privileges. To be sourced by a test,
# which also says  trap bed_stop EXIT  and then calls  bed_postgres DIR  and so on; README.md lists them.
#
# What a bed learned is in ${bed[NAME.key]}, where NAME is the last part of its folder: address, port, password_file ...
# Servers are in sessions of their own, so that Ctrl-C ends only the test, whose trap then ends them; should the test be
# killed, the kernel ends them with it. So start beds from the test's own shell, never in $(...).
# shellcheck shell=bash
declare -gA bed=()
bed_home=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
bed_address=127.0.0.1 # where the next beds listen; bed_into sets both
bed_netns=
bed_names=()
bed_domain=im.test.local # what the messaging servers and certificates are for
declare -A bed_taken=()
exec {bed_nothing}<> <(:)
for bed_part in stores net tls turn product synapse ejabberd prosody; do
    # shellcheck disable=SC1090
    . "$bed_home/parts/$bed_part.bash"
done

bed_pause() { read -rt "$1" -u "$bed_nothing" || :; }

# The next beds run in the network of a host of the lab, and listen on its address; without words, on loopback again.
bed_into() { # [folder of the lab, host]
    bed_address=127.0.0.1 bed_netns=
    [ $# != 0 ] || return 0
    read -r bed_netns _ <"$1/$2/init"
    bed_address=$(awk -v host="$2" '$1 == host { print $2 }' "$1/hosts")
}

# Begins a bed: its folder belongs to the user who runs the server. Sets the caller's `name` and `dir`.
bed_new() { # kind, folder
    dir=$(realpath -m "$2")
    name=${dir##*/}
    [ -z "${bed[$name.kind]:-}" ] || { printf 'bed: there is a bed %s already\n' "$name" >&2; return 1; }
    bed_names+=("$name")
    bed[$name.kind]=$1
    bed[$name.dir]=$dir
    bed[$name.address]=$bed_address
    bed[$name.netns]=$bed_netns
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown nobody: "$dir"
    bed_as "$name" test -x "$dir" || { printf 'bed: the user nobody must be able to enter %s: chmod 711 its parents\n' "$dir" >&2; return 1; }
}

# Draws free ports below those that the kernel gives to clients.
bed_take() { # name, keys...
    local name=$1 key port used
    shift
    used=$(bed_near "$name" cat /proc/self/net/tcp /proc/self/net/tcp6 /proc/self/net/udp /proc/self/net/udp6 2>/dev/null)
    for key; do
        while port=$((20000 + SRANDOM % 12000)); [[ -n ${bed_taken[$port]:-} || $used == *":$(printf %04X "$port") "* ]]; do :; done
        bed_taken[$port]=1
        bed[$name.$key]=$port
    done
}

# A file of mode 0600 with a random word, for the test's own user: ${bed[NAME.KEY_file]}.
bed_secret() { # name, keys...
    local name=$1 key
    shift
    for key; do
        bed[$name.${key}_file]=${bed[$name.dir]}/$key
        (umask 077 && printf '%s%08x%08x\n' "bed-" "$SRANDOM" "$SRANDOM" >"${bed[$name.dir]}/$key")
    done
}

# Writes a file that only the server's user can read, from standard input.
bed_file() { # path
    (umask 077 && cat >"$1")
    [ "$(id -u)" != 0 ] || chown nobody: "$1"
}

bed_near() { # name, command...: in the bed's network
    local name=$1
    shift
    if [ -n "${bed[$name.netns]}" ]; then nsenter --target "${bed[$name.netns]}" --net -- "$@"; else "$@"; fi
}

# Sets `unprivileged`: the words before a command that take its privileges away, and end it with the process that started it.
bed_unprivileged() {
    unprivileged=(setpriv --pdeathsig KILL)
    [ "$(id -u)" != 0 ] || unprivileged+=(--reuid="$(id -u nobody)" --regid="$(id -g nobody)" --clear-groups)
    unprivileged+=(--)
}

bed_as() { # name, command...: in the bed's network, and as its user
    local name=$1 unprivileged
    shift
    bed_unprivileged
    bed_near "$name" "${unprivileged[@]}" env HOME="${bed[$name.dir]}" "$@"
}

# Starts a server that stays in the foreground and has one process, or ends its others when it ends itself.
bed_spawn() { # name, command...
    local name=$1 unprivileged enter=()
    shift
    bed_unprivileged
    [ -z "${bed[$name.netns]}" ] || enter=(nsenter --target "${bed[$name.netns]}" --net --)
    if [ -n "${bed[$name.root]:-}" ]; then
        # Its mounts are seen by nobody else and end with the server, which must not wait for a name server that it cannot reach.
        # shellcheck disable=SC2016 # expanded by that shell
        enter+=(unshare --mount sh -c 'mount --bind "$1" "$2/srv" && mount --rbind /proc "$2/proc" &&
            mount --bind /dev/null "$2/etc/resolv.conf" && shift && exec chroot "$@"' sh
            "${bed[$name.dir]}" "${bed[$name.root]}")
    fi
    (cd "${bed[$name.dir]}" && exec setsid "${enter[@]}" "${unprivileged[@]}" env HOME="${bed[$name.dir]}" "$@" </dev/null >>log 2>&1 {bed_nothing}>&-) &
    bed[$name.pid]=$!
}

bed_runs() { [ -n "${bed[$1.pid]:-}" ] && kill -0 "${bed[$1.pid]}" 2>/dev/null; }

# Starts the server of a bed, or starts it again, and returns when it answers.
bed_up() { # name
    "bed_${bed[$1.kind]}_run" "$1"
    bed_wait "$1" "bed_${bed[$1.kind]}_ready" "$1"
}

# Polls until a command succeeds; fails when the server ended, or after 60 s, with the end of its log.
bed_wait() { # name, command...
    local name=$1 limit=$((SECONDS + 60))
    shift
    until "$@" >/dev/null 2>&1; do
        if ! bed_runs "$name" || ((SECONDS >= limit)); then
            printf 'bed: %s does not answer; its log ends with\n' "$name" >&2
            tail -n 20 "${bed[$name.dir]}/log" >&2
            return 1
        fi
        bed_pause 0.05
    done
}

# Ends the server of a bed: asks it, and after 10 s makes it. The folder stays, and bed_up starts it again.
bed_down() { # name
    local pid=${bed[$1.pid]:-} limit=$((SECONDS + 10))
    [ -n "$pid" ] || return 0
    kill -"${bed[$1.signal]:-TERM}" "$pid" 2>/dev/null || :
    while kill -0 "$pid" 2>/dev/null && ((SECONDS < limit)); do bed_pause 0.02; done
    kill -KILL -- "-$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    bed[$1.pid]=
}

# Ends all servers of this test, the last one first.
bed_stop() {
    local i
    for ((i = ${#bed_names[@]} - 1; i >= 0; i--)); do bed_down "${bed_names[i]}"; done
}

# Prints what is known of one bed, or of all, as NAME.KEY=VALUE.
bed_show() { # name, or '' for all
    local key
    for key in "${!bed[@]}"; do
        [ -z "$1" ] || [[ $key == "$1".* ]] || continue
        printf '%s=%s\n' "$key" "${bed[$key]}"
    done | sort
}

bed_http_ready() { [ "$(curl -s -o /dev/null -m 2 -w '%{http_code}' "$1")" = "${2:-200}" ]; }
