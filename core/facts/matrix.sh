# --- imops: tries the ways between the hosts. This script listens for some seconds on the ports that the plan gives this host
# --- and where nothing listens yet, answers whoever connects with a random word, and dials the other hosts in the same way.
# --- It ends with the connection, on TERM, and after $matrix_limit seconds; nothing is written to any disk, nothing stays behind.
#
# Variables set before it: matrix_mark (begins each line of ours), matrix_token, matrix_ports, matrix_limit (seconds), and
# matrix_python, matrix_perl (programs). Spoken, after the mark:
#   tool LISTENER DIALLER     what is used here; `none`: there is nothing
#   held PORT                 somebody listens there already
#   no_root PORT              only root may listen there
#   failed PORT WHY
#   ready                     the listeners stand; now standard input is read, and not before:
#     to N ADDRESS PORT TOKEN   a way to try; `-` instead of a token: nobody of ours listens there
#     go                        begin
#     bye                       the end
#   N ok | open | refused | timed_out | other WHAT | unreachable WHY | error WHY
#                             `open`: connected where nobody of ours listens; `other`: connected, but the token did not come
#   done                      all ways were tried
# shellcheck disable=SC2154 # the variables that are set before it
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
umask 077
unset CDPATH ENV IFS

matrix_say() { printf '\n%s %s\n' "$matrix_mark" "$*"; }
matrix_have() { command -v "$1" >/dev/null 2>&1; }

# The program comes on standard input, the link is descriptor 3: nothing of it can be seen in ps. Returns only when the
# interpreter could not even begin.
matrix_in() { # line of variables, program, interpreter and its options
    matrix_head=$1 matrix_program=$2
    shift 2
    matrix_have "$1" || return 0
    # The program's own `exit 9` is the end too; and so is a signal.
    printf '%s\n%s\n' "$matrix_head" "$matrix_program" | "$@" 3<&3
    case $? in
        0 | 9 | 12[89] | 1[3-9]? | 2??) exit 0 ;;
    esac
}

matrix_in_one_process() {
    # printf must be a builtin: another one would show the token in ps
    case $(command -v printf) in printf) ;; *) return ;; esac
    matrix_list=
    for matrix_port in $matrix_ports; do matrix_list="$matrix_list$matrix_port,"; done
    matrix_python_head="mark, token, ports, limit = '$matrix_mark', '$matrix_token', [$matrix_list], $matrix_limit"
    # shellcheck disable=SC2016 # these are perl's own variables
    matrix_perl_head=$(printf 'my ($mark, $token, $limit, @ports) = ("%s", "%s", %s, %s);' "$matrix_mark" "$matrix_token" "$matrix_limit" "$matrix_list")
    matrix_in "$matrix_python_head" "$matrix_python" python3 -ESs -
    # that of yum and dnf, where no other is installed
    matrix_in "$matrix_python_head" "$matrix_python" /usr/libexec/platform-python -ESs -
    matrix_in "$matrix_perl_head" "$matrix_perl" perl -
    matrix_in "$matrix_python_head" "$matrix_python" python -ESs -
}

# --- From here on: hosts with neither Python nor perl.

# The shell's children and all below them. Not the shell itself.
matrix_below() {
    matrix_set=" $$ " matrix_before=
    while [ "$matrix_set" != "$matrix_before" ]; do
        matrix_before=$matrix_set
        for matrix_stat in /proc/[0-9]*/stat; do
            { read -r matrix_line <"$matrix_stat"; } 2>/dev/null || continue
            matrix_pid=${matrix_line%% *}
            # shellcheck disable=SC2086 # fields are wanted
            set -- ${matrix_line##*) }
            case $matrix_set in *" $matrix_pid "*) continue ;; esac
            case $matrix_set in *" $2 "*) matrix_set="$matrix_set$matrix_pid " ;; esac
        done
    done
    printf '%s' "${matrix_set#" $$ "}"
}
matrix_stop() {
    trap '' TERM HUP INT
    # shellcheck disable=SC2046 # words are wanted
    kill -KILL $(matrix_below) 2>/dev/null
}

matrix_kind_of_nc() {
    matrix_have nc || { echo none; return; }
    case $(nc -h 2>&1 </dev/null) in
        *Ncat*) echo ncat ;;
        *BusyBox*) echo busybox ;;
        *OpenBSD* | *'-N'*) echo openbsd ;;
        *) echo other ;; # the traditional one closes its port after each caller
    esac
}
matrix_choose() {
    matrix_nc=$(matrix_kind_of_nc)
    matrix_listener=none matrix_dialler=none
    if matrix_have socat; then
        matrix_listener=socat
    else
        case $matrix_nc in ncat | busybox | openbsd) matrix_listener=$matrix_nc ;; esac
    fi
    matrix_have timeout || return 0
    if matrix_have bash && (exec bash -c 'exec 4<>/dev/tcp/127.0.0.1/1' 2>&1) | grep -qi refused; then
        matrix_dialler=bash # its messages are always the same
    elif matrix_have socat; then
        matrix_dialler=socat
    elif [ "$matrix_nc" != other ]; then
        matrix_dialler=$matrix_nc
    fi
}

# The token is in the environment of the listener, which only the same user and root can see; never among its arguments.
# shellcheck disable=SC2016 # the inner shells have the token
matrix_listen() { # port
    # A limit of its own, for the case that this shell is killed.
    matrix_bound=
    ! matrix_have timeout || matrix_bound="timeout $matrix_limit"
    export matrix_token
    case $matrix_listener in
        socat)
            matrix_way=TCP4-LISTEN:$1
            [ ! -e /proc/net/if_inet6 ] || matrix_way=TCP6-LISTEN:$1,ipv6only=0
            exec $matrix_bound socat -T 2 "$matrix_way,fork,reuseaddr,backlog=128" 'SYSTEM:echo $matrix_token; read -r matrix_end'
            ;;
        ncat) exec $matrix_bound nc -lk -p "$1" --sh-exec 'echo $matrix_token; read -r matrix_end' ;;
        busybox) exec $matrix_bound nc -ll -p "$1" -e sh -c 'echo $matrix_token; read -r matrix_end' ;;
        openbsd)
            # It sends on to the next caller what it has not sent yet. 64 bytes fit into what it reads at one time without a rest,
            # so that each caller gets whole lines.
            while printf '%-63s\n' "$matrix_token"; do :; done | $matrix_bound nc -lk "$1"
            ;;
    esac </dev/null 3<&- >/dev/null 2>&1
}

matrix_listens() { # port, as the kernel sees it
    matrix_hex=$(printf ':%04X' "$1")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ matrix_local _ matrix_state _; do
        case $matrix_local$matrix_state in *"$matrix_hex"0A) echo yes && break ;; esac
    done | grep -q yes
}

matrix_open() {
    matrix_root=$(id -u) matrix_lowest=1024
    [ ! -r /proc/sys/net/ipv4/ip_unprivileged_port_start ] || matrix_lowest=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
    matrix_mine=
    for matrix_port in $matrix_ports; do
        if matrix_listens "$matrix_port"; then
            matrix_say held "$matrix_port"
        elif [ "$matrix_root" != 0 ] && [ "$matrix_port" -lt "$matrix_lowest" ]; then
            matrix_say no_root "$matrix_port"
        else
            matrix_listen "$matrix_port" &
            matrix_mine="$matrix_mine $matrix_port"
        fi
    done
    for matrix_port in $matrix_mine; do
        matrix_tries=0
        until matrix_listens "$matrix_port"; do
            matrix_tries=$((matrix_tries + 1))
            [ "$matrix_tries" -lt 30 ] || { matrix_say failed "$matrix_port" "$matrix_listener did not begin to listen"; break; }
            sleep 0.1 2>/dev/null || sleep 1
        done
    done
}

# What the dialler said, on both streams; `connected` or `succeeded!` is in it once there is a connection. The last word: `.` to
# wait for a line, `-` not to.
# shellcheck disable=SC2016 # the inner shells have their own arguments
matrix_try() { # address, port, token, wait
    case $matrix_dialler in
        bash) timeout 3 bash -c 'exec 4<>"/dev/tcp/$0/$1" && echo connected && [ "$2" = . ] && IFS= read -r -t 2 l <&4 && echo "$l"' "$1" "$2" "$4" ;;
        socat)
            # no more bytes than the token has, so that it ends when they are there
            if [ "$4" = - ]; then timeout 3 socat -d -d -u /dev/null "TCP:$1:$2"; else timeout 3 socat -d -d -u "TCP:$1:$2,readbytes=$((${#3} + 1))" -; fi
            ;;
        ncat) matrix_wait=$4 timeout 3 nc --sh-exec 'echo connected >&2; [ "$matrix_wait" != . ] || { read -r l; echo "$l" >&2; }' "$1" "$2" ;;
        busybox) timeout 3 nc "$1" "$2" -e sh -c 'echo connected >&2; [ "$0" != . ] || { read -r l; echo "$l" >&2; }' "$4" ;;
        openbsd)
            # -d: it does not close its side first, on which a listener of the same kind may hang up before it has said anything
            if [ "$4" = - ]; then timeout 3 nc -z -v "$1" "$2"; else timeout 3 nc -d -v "$1" "$2"; fi
            ;;
    esac </dev/null 2>&1
}
matrix_dial() { # number, address, port, token
    matrix_wait=-
    [ "$4" = - ] || matrix_wait=.
    # only what can be shown, and not without end
    matrix_said=$(matrix_try "$2" "$3" "$4" "$matrix_wait" | head -c 4000 | tr -c '[:print:]\n' ' ')
    case $matrix_said in
        *"$4"*) [ "$4" = - ] || { matrix_say "$1" ok; return; } ;;
    esac
    case $matrix_said in
        *connected* | *succeeded!*)
            if [ "$4" = - ]; then
                matrix_say "$1" open
            else
                matrix_said=$(printf '%s\n' "$matrix_said" | grep -v -e connected -e succeeded! -e ' socat\[' | head -n 1)
                matrix_say "$1" other "${matrix_said:-nothing came}"
            fi
            ;;
        *[Rr]efused*) matrix_say "$1" refused ;;
        *[Uu]nreachable* | *'o route'* | *prohibited* | *ermission* | *permitted*) matrix_say "$1" unreachable "${matrix_said##*: }" ;;
        *resol* | *'bad address'* | *'not known'* | *'in name'*) matrix_say "$1" error "the name $2 is not known there" ;;
        '' | *[Tt]'imed out'* | *'in progress'* | *'opening connection'*) matrix_say "$1" timed_out ;;
        *) matrix_say "$1" error "${matrix_said##*: }" ;;
    esac
}
matrix_dial_all() { # 64 at a time
    set -f
    matrix_running=0
    while read -r matrix_n matrix_address matrix_port matrix_expected; do
        [ -n "$matrix_n" ] || continue
        matrix_dial "$matrix_n" "$matrix_address" "$matrix_port" "$matrix_expected" &
        matrix_running=$((matrix_running + 1))
        [ "$matrix_running" -lt 64 ] || { wait; matrix_running=0; }
    done
    wait
    matrix_say "done"
}

matrix_in_processes() {
    trap 'matrix_stop; exit 143' TERM HUP INT
    (
        sleep "$matrix_limit"
        kill -TERM $$
    ) </dev/null >/dev/null 2>&1 3<&- &
    [ "$matrix_listener" = none ] || matrix_open
    matrix_say ready
    matrix_targets=
    while read -r matrix_word matrix_rest <&3; do
        case $matrix_word in
            to) matrix_targets="$matrix_targets$matrix_rest
" ;;
            go)
                printf '%s' "$matrix_targets" | matrix_dial_all 3<&- &
                ;;
            bye) break ;;
        esac
    done
    matrix_stop
}

matrix_main() {
    matrix_in_one_process
    matrix_choose
    matrix_say tool "$matrix_listener" "$matrix_dialler"
    [ "$matrix_listener$matrix_dialler" != nonenone ] || return 0
    matrix_in_processes
}
# On one line: what follows it on standard input is for the commands above, not for the shell.
matrix_main 3<&0 </dev/null; exit 0
