# The faults and properties that a test plants in a host that runs.
# Sourced by ../lab.
# The parts share variables (dir, count, host_pid …), which are set in one file and read in another.
# shellcheck shell=bash disable=SC2154,SC2034

list_keys() {
    cat << 'END'
cores N                           what /proc/cpuinfo, nproc, lscpu and getconf show
memory SIZE [AVAILABLE]           /proc/meminfo
swap SIZE|off                     /proc/meminfo and /proc/swaps
load ONE [FIVE FIFTEEN]           /proc/loadavg
disk SIZE                         the size of / (and of every folder without a mount of its own)
machine-id HEX|copy-of HOST       /etc/machine-id
hostname NAME                     the kernel's name and /etc/hostname
clock SECONDS                     `date` is off by so much, like +40 or -3.5
ntp on|off                        what timedatectl reports
port-taken PORT [tcp|udp] [NAME]  a process NAME (default taken-PORT) listens on all addresses and greets strangely
unit NAME LIMIT [running]         /etc/systemd/system/NAME.service with LimitNOFILE=LIMIT; `running`: with a process
fake-process NAME [NOFILE]        a process that has this name and does nothing; /proc/PID/limits shows NOFILE or SOFT:HARD
host-key new                      new host keys, so that known_hosts no longer fits
sudo refused|nopasswd|password    what `op` may do; the password is lab-password
log-in keys|password|keyboard     how root and op may log in besides keys (op's password is lab-password)
rsa-only                          authorized_keys holds the RSA key only
banner TEXT                       what sshd shows before the log-in
motd-noise [TEXT]                 every command's output begins with this text, on stdout and stderr
shell PATH|csh-like               root's log-in shell
tmp-full | tmp-normal             /tmp has no byte left
sshd KEY VALUE                    any setting of sshd_config
sysctl KEY VALUE                  what /proc/sys shows; settings of the network's part are real
file PATH TEXT                    the contents of any file; under /proc and /sys a private file is laid over it
command NAME TEXT                 a program /usr/bin/NAME with this text
remove PATH                       that file or folder is not there, e.g. a program
END
}

host_set() {
    local name=$1 key=$2 n
    if [[ $name == all ]]; then
        shift
        for ((n = 1; n <= count; n++)); do host_set "h$n" "$@"; done
        return
    fi
    shift 2
    find_host "$name"
    case $key in
        cores | memory | swap | load) need "$key" 1 $#; set_hardware "$name" "$key" "$@" ;;
        disk) need "$key" 1 $#; nsenter -t "$keeper" -m mount -o "remount,size=$(bytes_of "$1")" "$dir/fs/$name" ;;
        machine-id) need "$key" 1 $#; set_machine_id "$name" "$@" ;;
        hostname) need "$key" 1 $#; set_hostname "$name" "$1" ;;
        clock) need "$key" 1 $#; set_clock "$name" "$1" ;;
        ntp) need "$key" 1 $#; if [[ $1 == on ]]; then echo yes; else echo no; fi | put "$name" /usr/lib/lab/ntp ;;
        port-taken) need "$key" 1 $#; take_port "$name" "$@" ;;
        unit) need "$key" 2 $#; set_unit "$name" "$@" ;;
        fake-process) need "$key" 1 $#; fake_process "$name" "$@" > /dev/null ;;
        host-key) [[ ${1:-} == new ]] || need "$key new" 1 0; new_host_keys "$name" ;;
        sudo) need "$key" 1 $#; set_sudo "$name" "$1" ;;
        log-in) need "$key" 1 $#; set_log_in "$name" "$1" ;;
        rsa-only) in_host "$name" sed -i '/^ssh-rsa /!d' /root/.ssh/authorized_keys /home/op/.ssh/authorized_keys ;;
        banner) need "$key" 1 $#; put "$name" /etc/ssh/banner <<< "$1"; set_sshd "$name" Banner /etc/ssh/banner ;;
        motd-noise) set_noise "$name" "${1:-*** Welcome. Authorized use only. ***}" ;;
        shell) need "$key" 1 $#; set_shell "$name" "$1" ;;
        tmp-full) fill_tmp "$name" ;;
        tmp-normal) in_host "$name" umount /tmp ;;
        sshd) need "$key" 2 $#; set_sshd "$name" "$1" "${*:2}" ;;
        sysctl) need "$key" 2 $#; set_file "$name" "/proc/sys/${1//./\/}" "${*:2}" ;;
        file) need "$key" 2 $#; set_file "$name" "$1" "$2" ;;
        command) need "$key" 2 $#; put "$name" "/usr/bin/$1" 755 <<< "$2" ;;
        remove) need "$key" 1 $#; in_host "$name" rm -rf -- "$1" ;;
        *) die "unknown key '$key'; \`lab keys\` lists them" ;;
    esac
}

need() { (($3 >= $2)) || die "\`set $1\` needs more words; \`lab keys\` lists them"; }

# The numbers behind the /proc files, first the lab's, then what was set for this host.
set_hardware() {
    local name=$1 key=$2 available='' load='' file
    shift 2
    # shellcheck disable=SC1090
    [[ ! -r $dir/$name/hardware ]] || . "$dir/$name/hardware"
    case $key in
        cores) [[ $1 =~ ^[1-9][0-9]*$ ]] || die "'$1' is not a number of cores"; cores=$1 ;;
        memory) memory=$(bytes_of "$1"); available=${2:+$(bytes_of "$2")} ;;
        swap) if [[ $1 == off ]]; then swap=0; else swap=$(bytes_of "$1"); fi ;;
        load) load="$1 ${2:-$1} ${3:-${2:-$1}}" ;;
    esac
    for key in cores memory swap available load; do
        printf '%s=%q\n' "$key" "${!key}"
    done > "$dir/$name/hardware"
    write_hardware "$dir/$name/made" "$cores" "$memory" "${available:-$((memory * 4 / 5))}" "$swap" ${load:+"$load"}
    for file in meminfo swaps cpuinfo stat loadavg uptime cpus; do
        put "$name" "/run/lab/hardware/$file" < "$dir/$name/made/$file"
    done
    rm -r "$dir/$name/made"
}

# Not by `hostname`, which refuses the hostile names that a test wants; the real /proc writes the writer's namespace.
set_hostname() {
    # shellcheck disable=SC2016
    nsenter -t "$host_pid" -u sh -c 'printf %s "$1" > /proc/sys/kernel/hostname' sh "$2"
    put "$1" /etc/hostname <<< "$2"
}

set_machine_id() {
    local name=$1 value=$2
    if [[ $value == copy-of ]]; then value=$(in_host "${3:?}" cat /etc/machine-id); fi
    put "$name" /etc/machine-id <<< "$value"
}

set_clock() {
    [[ $2 =~ ^[+-]?[0-9]+$ ]] || die "'$2' is not a number of seconds"
    in_host "$1" sh -c '[ -e /usr/lib/lab/date ] || cp /usr/bin/date /usr/lib/lab/date'
    put "$1" /usr/lib/lab/clock <<< "$(($2))"
    put "$1" /usr/bin/date 755 < "$lab_home/shims/date"
}

# Binds before it answers, so the port is taken when this returns; every visitor gets another service's greeting.
take_port() {
    local name=$1 port=$2 protocol=${3:-tcp} title=${4:-taken-$2} pid
    # shellcheck disable=SC2016
    pid=$(in_host "$name" perl -e '
        use Socket; use POSIX;
        my ($port, $protocol, $title) = @ARGV;
        my $tcp = $protocol eq "tcp";
        socket(my $s, PF_INET, $tcp ? SOCK_STREAM : SOCK_DGRAM, 0) or die "socket: $!\n";
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
        bind($s, pack_sockaddr_in($port, INADDR_ANY)) or die "port $port: $!\n";
        if ($tcp) { listen($s, 64) or die "port $port: $!\n"; }
        if (my $child = fork) { print $child; exit }
        setsid; $0 = $title; chdir "/";
        open STDIN, "<", "/dev/null"; open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null";
        $SIG{PIPE} = "IGNORE";
        while (1) {
            if (!$tcp) { recv($s, my $data, 2048, 0); next }
            accept(my $c, $s) or next;
            syswrite $c, "220 $title\r\n";
            close $c;
        }' "$port" "$protocol" "$title") || die "port $port of $name cannot be taken"
    echo "$pid $title" >> "$dir/$name/planted"
}

# Prints the pid inside the host. A copy of `sleep` under that name: ps, /proc/PID/comm and /proc/PID/exe all show it.
fake_process() {
    local name=$1 title=$2 limit=${3:-} pid
    [[ $limit =~ ^([0-9]+(:[0-9]+)?)?$ ]] || die "'$limit' is not a number of files, or two as SOFT:HARD"
    in_host "$name" cp /usr/bin/sleep "/run/lab/$title"
    # shellcheck disable=SC2016
    pid=$(spawn_in_host "$name" sh -c '[ -z "$2" ] || ulimit -S -n "${2%:*}" && ulimit -H -n "${2#*:}"
        exec "/run/lab/$1" infinity' sh "$title" "$limit")
    echo "$pid $title" >> "$dir/$name/planted"
    # Until exec the process is still a shell, and a test must not see that.
    wait_for 5 grep -qx "${title:0:15}" "/proc/$host_pid/root/proc/$pid/comm" 2> /dev/null || die "$title did not start in $name"
    [[ -z $limit ]] || show_limit "$name" "$pid" "${limit%:*}" "${limit#*:}"
    echo "$pid"
}

# A process cannot have more files than the real machine's hard limit, which root may be forbidden to lift; then
# at least /proc/PID/limits says so.
show_limit() {
    local file=/proc/$2/limits line
    line=$(printf '%-26s%-21s%-21s%-10s' 'Max open files' "$3" "$4" files)
    in_host "$1" grep -qxF "$line" "$file" && return
    in_host "$1" sed "s/^Max open files.*/$line/" "$file" | put "$1" "/run/lab/covers$file"
    in_host "$1" mount --bind "/run/lab/covers$file" "$file"
}

set_unit() {
    local name=$1 unit=${2%.service} limit=$3
    put "$name" "/etc/systemd/system/$unit.service" << END
[Unit]
Description=$unit
After=network.target

[Service]
ExecStart=/usr/bin/$unit
LimitNOFILE=$limit
Restart=on-failure

[Install]
WantedBy=multi-user.target
END
    if [[ ${4:-} == running ]]; then
        fake_process "$name" "$unit" "$limit" | put "$name" "/run/lab/unit.$unit.service"
    fi
}

new_host_keys() {
    # shellcheck disable=SC2016
    in_host "$1" sh -c 'cd /etc/ssh && rm -f ssh_host_* && for type in ed25519 ecdsa rsa; do
        [ $type = rsa ] && bits="-b 2048" || bits=
        ssh-keygen -q -t $type $bits -N "" -C "root@$(hostname)" -f ssh_host_${type}_key; done'
    restart_sshd "$1"
}

set_sudo() {
    local file=/etc/sudoers.d/lab-op
    case $2 in
        refused) in_host "$1" rm -f "$file" ;;
        nopasswd) put "$1" "$file" 440 <<< 'op ALL=(ALL:ALL) NOPASSWD: ALL' ;;
        password) put "$1" "$file" 440 <<< 'op ALL=(ALL:ALL) ALL' ;;
        *) die "sudo is refused, nopasswd or password, not '$2'" ;;
    esac
}

set_log_in() {
    local password=no keyboard=no
    case $2 in
        keys) ;;
        password) password=yes ;;
        keyboard) keyboard=yes ;;
        *) die "log-in is keys, password or keyboard, not '$2'" ;;
    esac
    # sshd asks by keyboard-interactive only through PAM.
    printf 'PasswordAuthentication %s\nKbdInteractiveAuthentication %s\nUsePAM %s\n' "$password" "$keyboard" "$keyboard" |
        put "$1" /etc/ssh/sshd_config.d/lab-log-in.conf
    restart_sshd "$1"
}

set_noise() {
    local home
    for home in /root /home/op; do
        # shellcheck disable=SC2016
        in_host "$1" sh -c 'printf "%s\n" "$1" > "$2/.ssh/noise"
            echo "cat ~/.ssh/noise; cat ~/.ssh/noise >&2" > "$2/.ssh/rc"' sh "$2" "$home"
    done
}

# The csh-like one accepts `-c` with plain words, as csh would, and stumbles over what only a POSIX shell understands.
set_shell() {
    local shell=$2
    if [[ $shell == csh-like ]]; then
        shell=/usr/lib/lab/csh
        put "$1" "$shell" 755 << 'END'
#!/bin/sh
# Not a csh: refuses the constructs that csh refuses, runs the rest by sh.
[ "$1" = -c ] || exec sh "$@"
case $2 in
    *'$('*) echo 'Illegal variable name.' >&2; exit 1 ;;
    *'2>'*) echo 'Ambiguous output redirect.' >&2; exit 1 ;;
    [a-z_]*=*) echo "${2%% *}: Command not found." >&2; exit 1 ;;
    *'if ['* | *'then'* | *'do '* | *'()'*) echo 'if: Expression Syntax.' >&2; exit 1 ;;
esac
exec sh "$@"
END
    fi
    in_host "$1" sed -i "s|^\(root:.*:\)[^:]*$|\1$shell|" /etc/passwd
}

fill_tmp() {
    in_host "$1" mount -t tmpfs -o mode=1777,size=64k tmpfs /tmp
    in_host "$1" sh -c 'cat /dev/zero > /tmp/filler 2> /dev/null || true'
}

set_sshd() {
    echo "$2 $3" | put "$1" "/etc/ssh/sshd_config.d/lab-$2.conf"
    restart_sshd "$1"
}

# Stopped and started rather than reloaded: the new pid file then means that the new settings are in force. Open
# sessions live on, as they do on a real host.
restart_sshd() {
    local pid problem
    problem=$(in_host "$1" /usr/sbin/sshd -t 2>&1) || die "sshd of $1 refuses this: $problem"
    if sshd_runs "$1"; then
        pid=$(in_host "$1" cat /run/sshd.pid)
        in_host "$1" kill "$pid"
        wait_for 10 no_process "$1" "$pid" || die "sshd of $1 does not end"
        in_host "$1" rm -f /run/sshd.pid
    fi
    spawn_in_host "$1" /usr/sbin/sshd -D -E /var/log/sshd.log > /dev/null
    wait_for 10 sshd_runs "$1" || die "sshd of $1 does not start"
}

no_process() { ! [[ -e /proc/$host_pid/root/proc/$2 ]]; }

set_file() {
    local name=$1 path=$2 text=$3 cover
    case $path in
        /proc/sys/net/*)
            put "$name" "$path" <<< "$text" ;;
        /proc/* | /sys/*)
            in_host "$name" test -e "$path" || die "$name has no $path"
            cover=/run/lab/covers$path
            put "$name" "$cover" <<< "$text"
            # A second cover over the first would stay for ever beneath; the file is the same.
            # shellcheck disable=SC2016
            in_host "$name" sh -c 'grep -q " $2 " /proc/self/mountinfo || mount --bind "$1" "$2"' sh "$cover" "$path" ;;
        *) put "$name" "$path" <<< "$text" ;;
    esac
}

firewall() {
    local verb=$1 from=$2 to=$3 port=$4 protocol=${5:-tcp} source action=drop handles handle
    source=$(address_of "$from")
    find_host "$to"
    if [[ $verb == reject ]]; then action=reject; [[ $protocol == udp ]] || action='reject with tcp reset'; fi
    # shellcheck disable=SC2086
    in_host "$to" nft -f - << END
add table inet lab
add chain inet lab input { type filter hook input priority 0; policy accept; }
END
    # A pair has one rule at most, so that the last word counts.
    handles=$(in_host "$to" nft -a list chain inet lab input |
        sed -n "s/.*ip saddr ${source//./\\.} $protocol dport $port .*# handle //p")
    for handle in $handles; do in_host "$to" nft delete rule inet lab input handle "$handle"; done
    [[ $verb == allow ]] ||
        in_host "$to" nft add rule inet lab input ip saddr "$source" "$protocol" dport "$port" "$action"
}

# At the switch, as a pulled cable: the host keeps its address and routes, and sees no carrier.
host_link() {
    check_name "$1"
    [[ $2 == up || $2 == down ]] || die "a link is up or down, not '$2'"
    nsenter -t "$keeper" -n ip link set "$1-$id" "$2"
}

# A power cut: the link goes first, so that no closing packet reaches anyone.
host_kill() {
    find_host "$1"
    host_link "$1" down
    kill -KILL "$host_pid"
    wait_for 10 host_ended "$1" || die "$1 does not end"
}

host_ended() { ! (find_host "$1") 2> /dev/null; }

# STOP and CONT reach every process of the host, and again until no new one appears.
host_signal() {
    local round proc outer wanted
    find_host "$1"
    wanted=$(readlink "/proc/$host_pid/ns/pid")
    for round in 1 2; do
        for proc in /proc/[0-9]*; do
            outer=${proc#/proc/}
            if [[ $(readlink "$proc/ns/pid" 2> /dev/null) == "$wanted" ]]; then kill "-$2" "$outer" 2> /dev/null || true; fi
        done
    done
}
