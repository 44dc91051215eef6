# What the scripts of tests/real share. To be sourced first, by bash:  . "$(dirname "$0")/../lib.bash"
# It stops at the first command that fails outside of `check`, sets
#   top      the root of the tree
#   work     a folder of this run, removed at the end; a script that runs itself once more in namespaces of its own hands it
#            over as IMOPS_WORK, and who made it removes it
#   started  processes that end with the test: started+=($!)
#   passed, failed
#   everything  a file to which all that checks say is added, once the test names it
# and gives the functions below. Status at the end: 0 all passed, 1 one failed or none was tried, 77 skipped.
# shellcheck shell=bash
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=${IMOPS_WORK:-$(mktemp -d "${TMPDIR:-/tmp}/imops.XXXXXX")}
passed=0 failed=0 started=() everything='' lib_ends=()
lib_said=$(mktemp) # what the last check said; not in $work, which tests search for secrets
exec {lib_nothing}<> <(:)

# Ends what the test started: first what at_end was told, last told first, then the processes, then the folder.
lib_end() {
    local lib_i lib_pid # names that no test has: what at_end was told reads the variables of the test
    set +e
    exec 2>/dev/null # words about processes that were ended
    for ((lib_i = ${#lib_ends[@]} - 1; lib_i >= 0; --lib_i)); do eval "${lib_ends[lib_i]}"; done
    for lib_pid in "${started[@]}"; do kill "$lib_pid" 2>/dev/null; done
    for lib_pid in "${started[@]}"; do
        wait_for 10 lib_gone "$lib_pid" 2>/dev/null || kill -KILL "$lib_pid" 2>/dev/null
    done
    cd /
    [ -n "${IMOPS_WORK:-}" ] || rm -rf --one-file-system "$work"
    rm -f "$lib_said"
}
trap lib_end EXIT
trap 'exit 130' INT TERM

lib_gone() { # process id: it has ended, a zombie too
    local line
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
    [[ ${line##*)} == ' Z'* ]]
}

at_end() { lib_ends+=("$1"); } # a command line, run when the test ends however it ends

# Counts whether the command succeeds; what it said is shown if it does not.
check() { # description, command...
    local what=$1
    shift
    if "$@" >"$lib_said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$what"
        tail -n 25 "$lib_said"
    fi
    [ -z "$everything" ] || cat "$lib_said" >>"$everything"
}

not() { ! "$@"; }

# Tries until the command succeeds. The limit is there so that a test ends; it is no assertion of how long things take.
wait_for() { # seconds, command...
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { printf 'never came: %s\n' "$*" >&2; return 1; }
        read -rt 0.05 -u "$lib_nothing" || :
    done
}

# A port where nobody listens, below those that the kernel gives to clients: no connection takes it before the server does.
free_port() {
    local port used
    used=$(cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 2>/dev/null)
    while port=$((20000 + SRANDOM % 12000)); [[ $used == *":$(printf %04X "$port") "* ]]; do :; done
    printf '%s\n' "$port"
}

skip() { # reason
    printf 'skipped: %s\n' "$1"
    exit 77
}

need_root() { [ "$(id -u)" = 0 ] || skip 'only root can do this'; }

need() { # programs...
    local program
    for program; do command -v "$program" >/dev/null || skip "$program is not installed"; done
}

# The last line of every script.
finish() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
