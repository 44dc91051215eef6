# --- How files are put in place: all are laid beside their targets and checked, then renamed; the former files come back when anything
# fails, when imops says so, or when the connection ends. Every step has a time limit, so this always comes to its end. All of it is
# inside one function, since it takes standard input away from the shell.
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
unset CDPATH ENV IFS
trap '' PIPE HUP # a dead link must not end this half-way
umask 022
cd / # a service's user may not enter the home of the one who logged in
exec 3<&0 </dev/null
imops_state=/var/lib/imops/push
imops_dir= imops_files=0 imops_fatal= imops_owns= imops_components= imops_applied=

# ---- for the fragments of components
have() { command -v "$1" >/dev/null 2>&1; }
nap() { sleep "$1" 2>/dev/null || sleep 1; } # some know only whole seconds
new() { # name of a template: its file beside the target; or the target, where that is the same already
    for imops_i in $(imops_numbers); do
        eval "[ \"\$imops_c_$imops_i\" = \"$imops_component\" ] && [ \"\$imops_n_$imops_i\" = \"\$1\" ]" || continue
        eval "imops_t=\$imops_t_$imops_i"
        if [ -e "$imops_t.imops-new~" ]; then printf '%s\n' "$imops_t.imops-new~"; else printf '%s\n' "$imops_t"; fi
    done
}
target() { # name of a template: where its file belongs
    for imops_i in $(imops_numbers); do
        eval "[ \"\$imops_c_$imops_i\" = \"$imops_component\" ] && [ \"\$imops_n_$imops_i\" = \"\$1\" ] && printf '%s\\n' \"\$imops_t_$imops_i\""
    done
    :
}
imops_systemd() { [ -d /run/systemd/system ] || { have systemctl && [ "$(cat /proc/1/comm 2>/dev/null)" = systemd ]; }; }
running() { # unit
    if imops_systemd; then systemctl is-active --quiet "$1"; else service "$1" status >/dev/null 2>&1; fi
}
imops_why() { # unit: what its log says, and a failure
    ! have journalctl || journalctl -u "$1" -n 20 --no-pager -o cat 2>/dev/null
    return 1
}
restart() { if imops_systemd; then systemctl restart "$1"; else service "$1" restart; fi || imops_why "$1"; }
reload() { if imops_systemd; then systemctl reload-or-restart "$1"; else service "$1" reload || service "$1" restart; fi || imops_why "$1"; }
stop() { if imops_systemd; then systemctl stop "$1"; else service "$1" stop; fi; }
listening() { # TCP port
    imops_hex=$(printf ':%04X' "$1")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r imops_sl imops_local imops_remote imops_st imops_rest; do
        case $imops_local in *"$imops_hex") [ "$imops_st" != 0A ] || echo yes ;; esac
    done | grep -q yes || { echo "nothing listens on port $1" >&2; return 1; }
}

# ---- what imops is told
tell() { printf '\n%s %s\n' "$imops_mark" "$*" 2>/dev/null; }
imops_said() { # file: its last lines
    tail -n 40 "$1" 2>/dev/null | while IFS= read -r imops_line || [ -n "$imops_line" ]; do printf '%s said %s\n' "$imops_mark" "$imops_line" 2>/dev/null; done
}
imops_fail() { # component or -, step, words
    imops_fatal=1
    tell failed "$@"
}
imops_numbers() {
    imops_k=1
    while [ "$imops_k" -le "$imops_files" ]; do
        echo "$imops_k"
        imops_k=$((imops_k + 1))
    done
}

# ---- steps with a time limit
imops_tree() { # a process and all below it, found in /proc
    imops_set=" $1 " imops_before=
    while [ "$imops_set" != "$imops_before" ]; do
        imops_before=$imops_set
        for imops_stat in /proc/[0-9]*/stat; do
            read -r imops_line 2>/dev/null <"$imops_stat" || continue
            imops_pid=${imops_line%% *}
            # shellcheck disable=SC2086 # words of a number each
            set -- ${imops_line##*) }
            case $imops_set in *" $imops_pid "*) continue ;; esac
            case $imops_set in *" $2 "*) imops_set="$imops_set$imops_pid " ;; esac
        done
    done
    printf '%s' "$imops_set"
}
imops_step() { # seconds, component, step: runs its function; what it prints is in $imops_dir/said. Status 124: it took too long.
    imops_component=$2
    ("imops_$3_$imops_at") </dev/null >"$imops_dir/said" 2>&1 3<&- &
    imops_job=$!
    (
        trap 'kill "$imops_nap" 2>/dev/null; exit' TERM
        sleep "$1" &
        imops_nap=$!
        wait "$imops_nap"
        : >"$imops_dir/late"
        # shellcheck disable=SC2046 # numbers
        kill -KILL $(imops_tree "$imops_job") 2>/dev/null
    ) >/dev/null 2>&1 </dev/null 3<&- &
    imops_clock=$!
    wait "$imops_job"
    imops_status=$?
    kill -TERM "$imops_clock" 2>/dev/null
    wait "$imops_clock" 2>/dev/null
    if [ -e "$imops_dir/late" ]; then
        rm -f "$imops_dir/late"
        imops_status=124
    fi
    return "$imops_status"
}
imops_do() { # seconds, component, step: a failure of it is told
    tell step "$2" "$3"
    imops_step "$@" && return 0
    imops_fail "$2" "$3" "$imops_status"
    imops_said "$imops_dir/said"
    return 1
}
imops_ready() { # seconds, component: tries until it is ready
    imops_until=$(($(date +%s) + $1))
    while ! imops_step 20 "$2" ready; do
        [ "$(date +%s)" -lt "$imops_until" ] || return 1
        nap 0.5
    done
}

# ---- components: what they need, and what comes before their files
imops_component_is() { # number, name, its steps (" check apply ")
    imops_components="$imops_components $1"
    eval "imops_name_$1=\$2 imops_has_$1=\$3 imops_changed_$1="
}
imops_needs() { # component, package, programs...
    imops_c=$1 imops_package=$2
    shift 2
    for imops_program in "$@"; do
        have "$imops_program" || { imops_fail "$imops_c" missing "$imops_program" "$imops_package"; return; }
    done
}
imops_before() { # number, component
    imops_at=$1
    [ -n "$imops_fatal" ] || imops_do 120 "$2" before
}

# ---- files
imops_same() { [ -e "$2" ] && [ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]; }
imops_stage() { # number of the component, its name, template, path, mode, owner, secret or -, bytes; base64 on standard input
    imops_number=$1
    shift
    imops_files=$((imops_files + 1))
    imops_t=$3
    [ ! -L "$imops_t" ] || imops_t=$(readlink -f "$imops_t")
    eval "imops_c_$imops_files=\$1 imops_n_$imops_files=\$2 imops_t_$imops_files=\$imops_t imops_swap_$imops_files="
    if [ -n "$imops_fatal" ]; then cat >/dev/null; return; fi
    imops_folder=${imops_t%/*} imops_made=
    while [ -n "$imops_folder" ] && [ ! -d "$imops_folder" ]; do
        imops_made="$imops_folder
$imops_made"
        imops_folder=${imops_folder%/*}
    done
    if [ -n "$imops_made" ]; then
        printf '%s' "$imops_made" >>"$imops_dir/folders"
        if ! mkdir -p "${imops_t%/*}" 2>"$imops_dir/said"; then cat >/dev/null; imops_fail "$1" stage "$3"; imops_said "$imops_dir/said"; return; fi
    fi
    rm -f "$imops_t.imops-new~"
    if ! (umask 077 && base64 -d >"$imops_t.imops-new~") 2>"$imops_dir/said" || [ "$(wc -c <"$imops_t.imops-new~")" -ne "$7" ]; then
        rm -f "$imops_t.imops-new~"
        imops_fail "$1" stage "$3"
        imops_said "$imops_dir/said"
        return
    fi
    imops_mode=$4 imops_owner=$5
    if [ -e "$imops_t" ]; then
        imops_has=$(stat -c %a "$imops_t")
        case $6$imops_has in
            secret*[1-7]) ;; # others could read it: not kept
            *) imops_mode=$imops_has imops_owner=$(stat -c %u:%g "$imops_t") ;;
        esac
    fi
    # The owner first: a change of it can take bits of the mode away.
    if ! { chown "$imops_owner" "$imops_t.imops-new~" && chmod "$imops_mode" "$imops_t.imops-new~"; } 2>"$imops_dir/said"; then
        imops_fail "$1" owner "$3"
        imops_said "$imops_dir/said"
        return
    fi
    if imops_same "$imops_t.imops-new~" "$imops_t" && [ "$(stat -c '%a %u:%g' "$imops_t.imops-new~")" = "$(stat -c '%a %u:%g' "$imops_t")" ]; then
        rm -f "$imops_t.imops-new~"
        return
    fi
    sync "$imops_t.imops-new~" 2>/dev/null || sync
    eval "imops_swap_$imops_files=yes imops_changed_$imops_number=yes"
}
imops_discard() { # what was laid beside, and folders that were made for it
    for imops_i in $(imops_numbers); do
        eval "imops_t=\$imops_t_$imops_i"
        rm -f "$imops_t.imops-new~"
    done
    imops_no_folders
}
imops_no_folders() {
    [ ! -s "$imops_dir/folders" ] || sort -r "$imops_dir/folders" | while IFS= read -r imops_folder; do rmdir "$imops_folder" 2>/dev/null; done
}
imops_back() { # path, "had" or "fresh": the former file comes back
    if [ "$2" = had ]; then
        # it is there already: two names of one file cannot be renamed onto each other
        [ ! -e "$1.imops-old~" ] || [ "$(stat -c %d:%i "$1" 2>/dev/null)" != "$(stat -c %d:%i "$1.imops-old~")" ] || return 0
        # where there are no hard links the former file was copied, and is again
        { ln -f "$1.imops-old~" "$1.imops-new~" || cp -p "$1.imops-old~" "$1.imops-new~"; } && mv -f "$1.imops-new~" "$1"
    else
        rm -f "$1"
    fi
}
imops_restore() { # what the journal says, the last first. What does not come back is told, and the journal stays.
    sed '1!G;h;$!d' "$imops_state/journal" | {
        imops_kept=
        while read -r imops_kind imops_path || [ -n "$imops_kind" ]; do
            case $imops_kind in had | fresh)
                imops_back "$imops_path" "$imops_kind" >"$imops_dir/said" 2>&1 || { imops_kept=1 && tell left - "$imops_kind" "$imops_path" && imops_said "$imops_dir/said"; } ;;
            esac
        done
        [ -z "$imops_kept" ]
    } && rm -f "$imops_state/journal"
}
imops_swap() { # component: its files are replaced
    for imops_i in $(imops_numbers); do
        eval "imops_c=\$imops_c_$imops_i imops_t=\$imops_t_$imops_i imops_yes=\$imops_swap_$imops_i"
        [ "$imops_c" = "$1" ] && [ -n "$imops_yes" ] || continue
        if [ -e "$imops_t" ]; then
            ln -f "$imops_t" "$imops_t.imops-old~" 2>"$imops_dir/said" || cp -p "$imops_t" "$imops_t.imops-old~" 2>"$imops_dir/said" || { imops_fail "$1" swap "$imops_t"; imops_said "$imops_dir/said"; return 1; }
            echo "had $imops_t" >>"$imops_state/journal"
        else
            rm -f "$imops_t.imops-old~"
            echo "fresh $imops_t" >>"$imops_state/journal"
        fi
        sync "$imops_state/journal" 2>/dev/null || sync
        mv -f "$imops_t.imops-new~" "$imops_t" 2>"$imops_dir/said" || { imops_fail "$1" swap "$imops_t"; imops_said "$imops_dir/said"; return 1; }
        tell replaced "$1" "$imops_t"
    done
}

# ---- one push at a time; one that was cut off (a killed shell, a power cut) is taken back first
imops_begin() {
    imops_dir=$(mktemp -d 2>/dev/null) || { imops_fail - begin 'no temporary folder'; return 1; }
    if ! mkdir -p "$imops_state" 2>"$imops_dir/said"; then imops_fail - begin "$imops_state"; imops_said "$imops_dir/said"; return 1; fi
    if [ -e "$imops_state/owner" ]; then
        read -r imops_other imops_since <"$imops_state/owner"
        if [ -n "$imops_other" ] && [ "$(imops_birth "$imops_other")" = "$imops_since" ]; then
            imops_fail - busy "$imops_other"
            return 1
        fi
    fi
    if ! (umask 077 && echo "$$ $(imops_birth $$)" >"$imops_state/owner") 2>"$imops_dir/said"; then imops_fail - begin "$imops_state"; imops_said "$imops_dir/said"; return 1; fi
    imops_owns=1
    if [ -s "$imops_state/journal" ]; then
        tell recovered
        imops_restore || { imops_fail - recover; return 1; }
    fi
}
imops_birth() { # process: when it began
    read -r imops_line 2>/dev/null <"/proc/$1/stat" || return 0
    # shellcheck disable=SC2086
    set -- ${imops_line##*) }
    shift 19
    echo "$1"
}
imops_end() {
    [ -z "$imops_owns" ] || rm -f "$imops_state/owner"
    rm -rf "$imops_dir"
    tell end
}
imops_rollback() {
    tell rollback
    [ ! -s "$imops_state/journal" ] || imops_restore
    imops_discard
    for imops_at in $imops_applied; do
        eval "imops_name=\$imops_name_$imops_at imops_was=\$imops_was_$imops_at imops_steps=\$imops_has_$imops_at"
        if [ -n "$imops_was" ]; then
            imops_good=yes # not every component has these steps
            case $imops_steps in *' apply '*) imops_step 120 "$imops_name" apply || { imops_good='' && tell not_back "$imops_name" apply "$imops_status" && imops_said "$imops_dir/said"; } ;; esac
            case $imops_steps in *' ready '*) imops_ready 30 "$imops_name" || { imops_good='' && tell not_back "$imops_name" ready "$imops_status" && imops_said "$imops_dir/said"; } ;; esac
            [ -z "$imops_good" ] || tell back "$imops_name"
        else
            case $imops_steps in *' stop '*)
                imops_step 60 "$imops_name" stop
                tell stopped "$imops_name" ;;
            esac
        fi
    done
}

# ---- the whole of it, once all files are staged: imops_components is a list of numbers; imops_name_N, imops_has_N (" check apply ")
imops_push() { # push or try, seconds that a service may take to be ready
    imops_applied=
    [ -z "$imops_fatal" ] || { imops_discard; return; }
    for imops_at in $imops_components; do
        eval "imops_name=\$imops_name_$imops_at imops_steps=\$imops_has_$imops_at imops_change=\${imops_changed_$imops_at:-}"
        eval "imops_was_$imops_at="
        case $imops_steps in *' ready '*) ! imops_step 20 "$imops_name" ready || eval "imops_was_$imops_at=yes" ;; *) eval "imops_was_$imops_at=yes" ;; esac
        case $imops_steps in *' check '*) [ -z "$imops_change" ] || imops_do 60 "$imops_name" check || { imops_discard; return; } ;; esac
    done
    if [ "$1" = try ]; then
        imops_discard
        tell tried
        return
    fi
    for imops_at in $imops_components; do
        eval "imops_name=\$imops_name_$imops_at imops_steps=\$imops_has_$imops_at imops_change=\${imops_changed_$imops_at:-} imops_was=\$imops_was_$imops_at"
        if [ -z "$imops_change" ] && [ -n "$imops_was" ]; then
            # a password can have changed that stands in no file of this host
            case $imops_steps in *' prepare '*) imops_do 120 "$imops_name" prepare || { imops_rollback; return; } ;; esac
            tell same "$imops_name"
            continue
        fi
        imops_applied="$imops_at $imops_applied"
        imops_swap "$imops_name" || { imops_rollback; return; }
        for imops_s in verify apply prepare; do
            case $imops_steps in *" $imops_s "*) imops_do 120 "$imops_name" "$imops_s" || { imops_rollback; return; } ;; esac
        done
        case $imops_steps in *' ready '*)
            tell step "$imops_name" ready
            imops_ready "$2" "$imops_name" || { imops_fail "$imops_name" ready "$imops_status"; imops_said "$imops_dir/said"; imops_rollback; return; } ;;
        esac
        tell applied "$imops_name"
    done
    tell waiting
    imops_word=
    read -r imops_word <&3
    if [ "$imops_word" = commit ]; then
        rm -f "$imops_state/journal"
        tell committed
    else
        imops_rollback
    fi
}
