# --- Each fragment below runs in a process of its own, with a time limit; all of it ends when the connection does.
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
umask 077
unset CDPATH ENV IFS
exec 3<&0 </dev/null
have() { command -v "$1" >/dev/null 2>&1; }
also() { printf '\n%s also %s\n' "$imops_mark" "$1"; } # what is printed from here on is that fact
IMOPS_ALSO="\\n$imops_mark also " # the same for awk -v
absent() { printf '%s\n' "$*" >&2; exit 77; }
imops_root=
while read -r imops_word imops_uid imops_line; do
    [ "$imops_word" = Uid: ] || continue
    [ "$imops_uid" != 0 ] || imops_root=1
    break
done </proc/self/status

# A process and all below it, found in /proc; children after their parents.
imops_tree() {
    imops_set=" $1 " imops_before=
    while [ "$imops_set" != "$imops_before" ]; do
        imops_before=$imops_set
        for imops_stat in /proc/[0-9]*/stat; do
            read -r imops_line 2>/dev/null <"$imops_stat" || continue
            imops_pid=${imops_line%% *}
            set -- ${imops_line##*) }
            case $imops_set in *" $imops_pid "*) continue ;; esac
            case $imops_set in *" $2 "*) imops_set="$imops_set$imops_pid " ;; esac
        done
    done
    printf '%s' "$imops_set"
}
imops_end() { kill -KILL $(imops_tree "$1") 2>/dev/null; }

imops_tick() { # one more second has gone by
    imops_ticks=$((imops_ticks + 1))
    if [ -n "$imops_run" ] && [ "$imops_ticks" -gt "$imops_limit" ]; then
        imops_late=timed_out
        imops_end "$imops_run"
    fi
}
imops_abort() { # all that this shell has started, whatever it was about to do
    trap '' TERM ALRM HUP INT
    set -- $(imops_tree $$)
    shift
    kill -KILL "$@" 2>/dev/null
    exit 143
}
begin() { # id, seconds, "root" or nothing
    printf '\n%s begin %s\n' "$imops_mark" "$1"
    printf '\n%s begin %s\n' "$imops_mark" "$1" >&2
    imops_id=$1 imops_limit=$2 imops_ticks=0 imops_late=
    if [ -z "$3" ] || [ -n "$imops_root" ]; then return 0; fi
    printf '\n%s end %s needs_root\n' "$imops_mark" "$1"
    printf '\n%s end %s\n' "$imops_mark" "$1" >&2
    return 1
}
finish() {
    imops_run=$1
    while :; do
        wait "$imops_run"
        imops_status=$?
        kill -0 "$imops_run" 2>/dev/null || break # else: only a tick interrupted the wait
    done
    imops_run=
    printf '\n%s end %s %s\n' "$imops_mark" "$imops_id" "${imops_late:-$imops_status}"
    printf '\n%s end %s\n' "$imops_mark" "$imops_id" >&2
}
imops_run= imops_limit=0 imops_ticks=0 imops_late=
trap imops_tick ALRM
trap imops_abort TERM HUP INT
# One process counts seconds, one waits for the end of the connection.
( trap 'kill "$imops_nap"; exit' TERM
  while :; do sleep 1 & imops_nap=$!; wait "$imops_nap"; kill -ALRM $$ || exit; done ) >/dev/null 2>&1 3<&- &
imops_ticker=$!
( read -r imops_word; kill -TERM $$ ) <&3 >/dev/null 2>&1 &
imops_link=$!
printf '\n%s root %s\n' "$imops_mark" "${imops_root:-0}"
