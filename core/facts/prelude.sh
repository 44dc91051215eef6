# --- Each fragment below runs in a process of its own, with a time limit; all of it ends when the connection does.
also() { printf '\n%s also %s\n' "$imops_mark" "$1"; } # what is printed from here on is that fact
IMOPS_ALSO="\\n$imops_mark also " # the same for awk -v
imops_root=
while read -r imops_word imops_uid imops_line; do
    [ "$imops_word" = Uid: ] || continue
    [ "$imops_uid" != 0 ] || imops_root=1
    break
done </proc/self/status

begin() { # id, seconds, "root" or nothing
    tell begin "$1"
    tell begin "$1" >&2
    imops_id=$1 imops_seconds=$2
    if [ -z "$3" ] || [ -n "$imops_root" ]; then return 0; fi
    tell end "$1" needs_root
    tell end "$1" >&2
    return 1
}
finish() { # process
    imops_wait "$1" "$imops_seconds"
    tell end "$imops_id" "${imops_late:-$imops_status}"
    tell end "$imops_id" >&2
}
imops_clock_on
imops_watch
tell root "${imops_root:-0}"
