# --- What every script of ours begins with; it stands inside the function imops_main. Before it: imops_mark, a random word that
# --- begins each line meant for imops. Names for fragments: have, tell, absent. All others begin with imops_.
# shellcheck shell=sh disable=SC2034,SC2154 # what is set here is read by what follows
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
umask 077
unset CDPATH ENV IFS
exec 3<&0 </dev/null # 3: the link. What is asked of it, and its end, come from there.
have() { command -v "$1" >/dev/null 2>&1; }
tell() { printf '\n%s %s\n' "$imops_mark" "$*" 2>/dev/null; }
absent() { printf '%s\n' "$*" >&2; exit 77; }

# A process and all below it, found in /proc; children after their parents.
imops_tree() {
    imops_set=" $1 " imops_before=
    while [ "$imops_set" != "$imops_before" ]; do
        imops_before=$imops_set
        for imops_stat in /proc/[0-9]*/stat; do
            { read -r imops_line <"$imops_stat"; } 2>/dev/null || continue
            imops_pid=${imops_line%% *}
            # shellcheck disable=SC2086 # fields are wanted
            set -- ${imops_line##*) }
            case $imops_set in *" $imops_pid "*) continue ;; esac
            case $imops_set in *" $2 "*) imops_set="$imops_set$imops_pid " ;; esac
        done
    done
    printf '%s' "$imops_set"
}
# shellcheck disable=SC2046 # numbers are wanted
imops_kill() { kill -KILL $(imops_tree "$1") 2>/dev/null; }
imops_kill_below() { # all that this shell has started
    # shellcheck disable=SC2046
    set -- $(imops_tree $$)
    shift
    kill -KILL "$@" 2>/dev/null
}

# ---- time limits: a process of its own counts seconds while something runs
imops_run='' imops_limit=0 imops_ticks=0 imops_late=''
imops_tick() { # one more second has gone by
    imops_ticks=$((imops_ticks + 1))
    if [ -n "$imops_run" ] && [ "$imops_ticks" -gt "$imops_limit" ]; then
        imops_late=timed_out
        imops_kill "$imops_run"
    fi
}
imops_clock_on() {
    trap imops_tick ALRM
    ( trap 'kill "$imops_nap"; exit' TERM
      while :; do sleep 1 & imops_nap=$!; wait "$imops_nap"; kill -ALRM $$ || exit; done ) </dev/null >/dev/null 2>&1 3<&- &
    imops_ticker=$!
}
imops_clock_off() {
    kill "$imops_ticker" 2>/dev/null
    wait "$imops_ticker" 2>/dev/null
}
# process, seconds: waits for it while the clock is on. Its status is in imops_status; imops_late is "timed_out" where it was killed, with
# all below it, when its time was over.
imops_wait() {
    imops_ticks=0 imops_late='' imops_limit=$2 imops_run=$1
    wait "$imops_run"
    imops_status=$?
    # A tick that interrupts the wait gives 142 (SIGALRM), also if the process has ended in the same moment: its own status
    # is still to be had then, but from bash, which may have lost it.
    while [ "$imops_status" = 142 ]; do
        if kill -0 "$imops_run" 2>/dev/null; then
            wait "$imops_run"
            imops_status=$?
            continue
        fi
        wait "$imops_run"
        imops_line=$?
        case $imops_line in 127 | -1) ;; *) imops_status=$imops_line ;; esac
        break
    done
    imops_run=
}

# ---- the link
imops_abort() { # all that this shell has started, whatever it was about to do
    trap '' TERM ALRM HUP INT
    imops_kill_below
    exit 143
}
# A process of its own waits for the end of the link, and ends this shell then. Words that come are not its end: a shell that is
# fed slowly has not yet read what stands behind the script.
imops_watch() {
    trap imops_abort TERM HUP INT
    ( while read -r imops_word; do :; done; kill -TERM $$ ) <&3 >/dev/null 2>&1 &
    imops_link=$!
}
imops_unwatch() {
    trap '' TERM
    kill "$imops_link" 2>/dev/null
}
