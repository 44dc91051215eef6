# What every part of the lab shares: messages, process identity, waiting, and the way into a host.
# Sourced by ../lab; expects $dir (the lab's folder) to be set before load_lab.
# shellcheck shell=bash disable=SC2154

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

# A pid alone may be reused; a pid with its start time names one process for ever. Prints nothing for a process that
# has ended, a zombie included: its parent may never collect it.
start_time() {
    local stat fields
    { read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 0
    # The command name is in parentheses and may hold spaces, so count from the last one.
    read -ra fields <<< "${stat##*) }"
    [[ ${fields[0]} == [ZX] ]] || printf '%s' "${fields[19]}"
}

is_alive() { [[ -n $2 && $(start_time "$1") == "$2" ]]; }

# A pause without a process; the descriptor never has anything to read.
exec {nothing}<> <(:)
pause() { read -r -t "$1" -u "$nothing" || true; }

# wait_for SECONDS COMMAND... : polls until the command succeeds; status 1 at the deadline.
wait_for() {
    local limit=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        ((${EPOCHREALTIME/./} < limit)) || return 1
        pause 0.02
    done
}

# Sets id, net, count, keeper, keeper_start and the default hardware from the lab's own notes.
load_lab() {
    [[ -r $dir/lab.env ]] || die "$dir holds no lab"
    keeper='' keeper_start=''
    # shellcheck disable=SC1091
    . "$dir/lab.env"
    is_alive "$keeper" "$keeper_start" || die "the lab in $dir has ended"
}

address_of() {
    if [[ $1 == client ]]; then
        printf '%s.%d.1' 10.77 "$net"
    else
        check_name "$1"
        nth_address "${1#h}"
    fi
}

# Host n of the lab; a lab owns 512 addresses, so that 256 hosts fit.
nth_address() {
    local last=$(($1 + 10))
    printf '10.77.%d.%d' $((net + last / 256)) $((last % 256))
}

check_name() {
    if ! [[ $1 =~ ^h[1-9][0-9]{0,2}$ ]] || ((${1#h} > count)); then
        die "no host '$1' in this lab (h1 to h$count)"
    fi
}

# Sets host_pid: the host's first process as this machine sees it.
find_host() {
    local start
    check_name "$1"
    read -r host_pid start < "$dir/$1/init" || die "$1 never started"
    is_alive "$host_pid" "$start" || die "$1 is dead"
}

# in_host HOST COMMAND... : as the host's root, in all of its namespaces, with a log-in's plain environment.
in_host() {
    find_host "$1"
    shift
    nsenter -t "$host_pid" -m -u -i -n -p env -i HOME=/root USER=root LOGNAME=root TERM="${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}

# spawn_in_host HOST COMMAND... : starts a process that stays, prints its pid inside the host. The shell in between
# ends at once, so that the host's own first process becomes the parent and collects it.
spawn_in_host() {
    local name=$1
    shift
    # shellcheck disable=SC2016
    in_host "$name" sh -c 'setsid "$@" < /dev/null > /dev/null 2>> /var/log/lab.log & echo $!' sh "$@"
}

# put HOST PATH [MODE] < TEXT : writes a file of the host in place, so that a bind mount of it sees the change too.
put() {
    # shellcheck disable=SC2016
    in_host "$1" sh -c 'mkdir -p "${1%/*}" && cat > "$1" && if [ -n "$2" ]; then chmod "$2" "$1"; fi' sh "$2" "${3:-}"
}

# Removes what the lab wrote, and the folder too when nothing else is in it.
remove_files() {
    [[ -d $dir ]] || return 0
    rm -rf "${dir:?}"/{lab.env,hosts,known_hosts,ssh_config,keys,fs,common,links,neighbours,status,keeper.log} "$dir"/h[0-9]*
    rmdir "$dir" 2> /dev/null || true
}
