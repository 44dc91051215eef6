# Looking into a host: running a command there, and listing what runs there.
# Sourced by ../lab.
# The parts share variables (dir, count, host_pid …), which are set in one file and read in another.
# shellcheck shell=bash disable=SC2154,SC2034

host_exec() {
    local name=$1
    shift
    in_host "$name" "$@"
}

# Reads the host's own /proc from outside, so that the listing starts no process in the host.
host_ps() {
    local name=$1 all=${2:-} proc line pid comm
    declare -A planted=()
    find_host "$name"
    if [[ -r $dir/$name/planted ]]; then
        while read -r pid _; do planted[$pid]=1; done < "$dir/$name/planted"
    fi
    for proc in "/proc/$host_pid/root/proc"/[0-9]*; do
        pid=${proc##*/}
        { read -r comm < "$proc/comm"; } 2> /dev/null || continue
        if [[ $all != --all ]]; then
            # 1 is the stand-in for systemd, and `sleep` under it is what keeps it waiting.
            [[ $pid != 1 && $comm != sshd && -z ${planted[$pid]:-} && ! -e $proc/root/run/lab/idle.$pid ]] || continue
        fi
        line=$(tr '\0' ' ' < "$proc/cmdline" 2> /dev/null) || continue
        printf '%s %s\n' "$pid" "${line:-[$comm]}"
    done
}
