# Building a lab and taking it down. The keeper (./keeper) does the building inside the lab's namespaces; here are
# keys, the common files, and the one interface that joins the lab with the real machine.
# Sourced by ../lab.
# The parts share variables (dir, count, host_pid …), which are set in one file and read in another.
# shellcheck shell=bash disable=SC2154,SC2034

lab_up() {
    local owner=$PPID owner_start max_life=1800 own_rsa=no
    cores=8 memory=16GiB swap=2GiB disk=200GiB
    count=${1:-}
    if ! [[ $count =~ ^[1-9][0-9]{0,2}$ ]] || ((count > 400)); then usage; fi
    shift
    while (($#)); do
        case $1 in
            --cores | --memory | --swap | --disk) printf -v "${1#--}" %s "$2"; shift ;;
            --owner) owner=$2; shift ;;
            --max-life) max_life=$2; shift ;;
            --own-rsa-host-keys) own_rsa=yes ;;
            *) usage ;;
        esac
        shift || usage
    done
    [[ $max_life =~ ^[0-9]+$ && $cores =~ ^[1-9][0-9]*$ ]] || usage
    # These characters divide the layers of an overlay.
    [[ $dir != *[:,\\[:space:]]* ]] || die "the lab's folder may not have ':', ',', '\\' or blanks in its name: $dir"
    memory=$(bytes_of "$memory") swap=$(bytes_of "$swap") disk=$(bytes_of "$disk")
    owner_start=$(start_time "$owner")
    [[ -n $owner_start ]] || die "there is no process $owner to own the lab"
    need_programs
    refuse_chroot
    if [[ -e $dir/lab.env ]] && (load_lab) 2> /dev/null; then die "a lab runs in $dir already"; fi
    remove_files
    mkdir -p "$dir"
    trap abandon EXIT
    trap 'exit 1' INT TERM HUP

    printf -v id '%04x%02x' $((SRANDOM & 0xffff)) $((SRANDOM & 0xff))
    mkfifo "$dir/status"
    mkdir "$dir/fs" "$dir/keys"
    make_keys
    make_common
    start_keeper "$owner" "$owner_start" "$max_life"
    finish_hosts
    trap - EXIT INT TERM HUP
    rm -rf "$dir/status" "$dir/common" "$dir/links"
    cat "$dir/hosts"
}

need_programs() {
    local program missing=()
    for program in ssh-keygen sshd ip nft unshare nsenter pivot_root perl awk sudo; do
        PATH=$PATH:/usr/sbin:/sbin type -P "$program" > /dev/null || missing+=("$program")
    done
    ((${#missing[@]} == 0)) || die "missing: ${missing[*]}; install: $(tr '\n' ' ' < "$lab_home/packages.txt")"
}

# `nsenter` leads to the root of the mount namespace, not to that of a chroot: from inside one, what is planted in a host would
# be written to the machine itself.
refuse_chroot() {
    [[ $(stat -Lc %d:%i /) == "$(nsenter -t $$ -m stat -Lc %d:%i /)" ]] || die "a lab cannot be made inside a chroot: use a mount namespace with its own root (pivot_root)"
}

# Ed25519 and ECDSA host keys are each host's own; an RSA key takes 0.3 s, so by default the lab has one for all.
make_keys() {
    local n
    # shellcheck disable=SC2016
    list_keys_to_make | xargs -P "$(nproc)" -L 1 sh -c 'bits=; [ "$0" != rsa ] || bits="-b 2048"
        exec ssh-keygen -q -t "$0" $bits -N "" -C "$2" -f "$1" < /dev/null'
    for ((n = 1; n <= count; n++)); do
        if [[ $own_rsa == no ]]; then
            cp "$dir/keys/host_rsa" "$dir/h$n/ssh_host_rsa_key"
            cp "$dir/keys/host_rsa.pub" "$dir/h$n/ssh_host_rsa_key.pub"
        fi
    done
    rm -f "$dir/keys/host_rsa" "$dir/keys/host_rsa.pub"
}

list_keys_to_make() {
    local n type
    echo rsa "$dir/keys/rsa" client
    for type in ed25519 ecdsa; do echo "$type" "$dir/keys/$type" client; done
    [[ $own_rsa == yes ]] || echo rsa "$dir/keys/host_rsa" lab
    for ((n = 1; n <= count; n++)); do
        mkdir "$dir/h$n"
        for type in ed25519 ecdsa; do echo "$type" "$dir/h$n/ssh_host_${type}_key" "root@h$n"; done
        [[ $own_rsa == no ]] || echo rsa "$dir/h$n/ssh_host_rsa_key" "root@h$n"
    done
}

# What all hosts have in common, one layer under each host's own writes.
make_common() {
    local common=$dir/common etc=$dir/common/etc lab=$dir/common/usr/lib/lab home
    mkdir -p "$etc/ssh" "$etc/sudoers.d" "$etc/systemd/system" "$lab/skeleton/root/.ssh" "$lab/skeleton/home/op/.ssh" \
        "$common/usr/bin"
    cp "$lab_home"/shims/{nproc,systemctl,timedatectl} "$common/usr/bin/"
    cp "$lab_home"/shims/systemd "$lab/systemd"
    echo yes > "$lab/ntp"
    write_hardware "$lab/skeleton/run/lab/hardware" "$cores" "$memory" $((memory * 4 / 5)) "$swap"

    # The hash of `lab-password`; it opens nothing outside the lab.
    # shellcheck disable=SC2016
    local hash='$6$fyhwj/agetk8qavv$n05ygIuEu5.T3Nq0iFdAXywpgG1XSFgtd5fVDwQgdpiYcgIBoKdfRy50piihCSTrBOd3Fg46gnfKdjSKnVI8m.'
    sed '/^op:/d; s|^root:.*|root:x:0:0:root:/root:/bin/bash|' /etc/passwd > "$etc/passwd"
    echo 'op:x:4242:4242:operator:/home/op:/bin/sh' >> "$etc/passwd"
    sed '/^op:/d' /etc/group > "$etc/group"
    echo 'op:x:4242:' >> "$etc/group"
    # The real machine's password hashes stay out of the hosts. `*` is no password, yet not a locked account.
    sed 's/^\([^:]*\):.*/\1:*:19000:0:99999:7:::/' "$etc/passwd" > "$etc/shadow"
    sed -i "s|^op:[*]:|op:$hash:|" "$etc/shadow"
    chmod 640 "$etc/shadow"
    chgrp shadow "$etc/shadow"
    printf 'Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n' > "$etc/sudoers"
    chmod 440 "$etc/sudoers"

    cat > "$etc/ssh/sshd_config" << 'END'
# The first value counts, so `lab set HOST sshd KEY VALUE` writes files that come first.
Include /etc/ssh/sshd_config.d/lab-*.conf
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
HostKey /etc/ssh/ssh_host_rsa_key
PidFile /run/sshd.pid
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
MaxStartups 1000
MaxSessions 1000
Subsystem sftp internal-sftp
END
    printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' > "$etc/resolv.conf"
    {
        printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n'
        local n
        for ((n = 1; n <= count; n++)); do echo "@$n@ h$n"; done
    } > "$etc/hosts"

    for home in root home/op; do
        cat "$dir"/keys/*.pub > "$lab/skeleton/$home/.ssh/authorized_keys"
        chmod 700 "$lab/skeleton/$home/.ssh" "$lab/skeleton/$home"
    done
    # shellcheck disable=SC2016
    printf 'PS1="\\u@\\h:\\w\\$ "\n' > "$lab/skeleton/root/.bashrc"
    chown -R 4242:4242 "$lab/skeleton/home/op"
}

# Takes a free block of addresses and the interface that reaches it; a lock keeps labs that start together apart.
start_keeper() {
    local lock word rest
    exec {lock}< "$lab_home/lab"
    flock -w 30 "$lock" || die "another lab has been starting for 30 s"
    choose_net
    write_addresses
    write_notes
    # The keeper must not hold what the caller reads, or `$(lab up ...)` would wait for the end of the lab.
    setsid unshare --mount --net --pid --fork --kill-child --propagation private \
        bash "$lab_home/parts/keeper" "$dir" "$count" "$disk" "$@" "$id" "$net" \
        < /dev/null > "$dir/keeper.log" 2>&1 {lock}<&- {nothing}<&- &
    starter=$!
    exec {status}<> "$dir/status"
    read_status keeper
    load_lab
    ip link add "lab-$id" type veth peer name uplink netns "$keeper"
    ip address add "10.77.$net.1/23" dev "lab-$id"
    ip link set "lab-$id" up
    nsenter -t "$keeper" -n ip link set uplink addrgenmode none master "br-$id" up
    exec {lock}<&-
    read_status started
    exec {status}<&-
}

choose_net() {
    local used try
    used=$(ip -4 -oneline address; ip -4 route)
    for ((try = 0; try < 500; try++)); do
        net=$((SRANDOM % 127 * 2))
        [[ $used == *" 10.77.$net."* || $used == *$'\n'"10.77.$net."* ]] || return 0
    done
    die "no free addresses in 10.77.0.0/16"
}

# read_status WORD : waits for that line of the keeper; a keeper that died says why in its log.
read_status() {
    local line='' limit=$((SECONDS + 60))
    until [[ $line == "$1"* ]]; do
        if [[ $line == failed* ]] || ! kill -0 "$starter" 2> /dev/null || ((SECONDS > limit)); then
            die "the lab did not start"
        fi
        IFS= read -r -t 0.5 -u "$status" line || line=''
    done
}

# The keeper adds its own pid, so that `down` finds it even when this process is killed in between.
write_notes() {
    local name
    for name in id net count cores memory swap disk; do
        printf '%s=%q\n' "$name" "${!name}"
    done > "$dir/lab.env"
}

write_addresses() {
    local n address type kind key
    : > "$dir/known_hosts"
    : > "$dir/hosts"
    : > "$dir/ssh_config"
    for ((n = 1; n <= count; n++)); do
        address=$(nth_address "$n")
        printf 'h%d %s 22\n' "$n" "$address" >> "$dir/hosts"
        printf 'Host h%d\n    HostName %s\n' "$n" "$address" >> "$dir/ssh_config"
        printf 's/^@%d@ /%s /\n' "$n" "$address"
        for type in ed25519 ecdsa rsa; do
            read -r kind key _ < "$dir/h$n/ssh_host_${type}_key.pub"
            printf 'h%d,%s %s %s\n' "$n" "$address" "$kind" "$key" >> "$dir/known_hosts"
        done
    done > "$dir/links"
    sed -i -f "$dir/links" "$dir/common/etc/hosts"
    cat >> "$dir/ssh_config" << END
Host *
    User root
    IdentityFile $dir/keys/ed25519
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile $dir/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
    ConnectTimeout 10
END
}

# sshd writes its pid file after it listens, so the file means that the host is ready.
sshd_runs() {
    local pid
    { read -r pid _ < "$dir/$1/init"; } 2> /dev/null && [[ -s /proc/$pid/root/run/sshd.pid ]]
}

# The address answers with sshd's greeting, seen from where the tests stand.
answers() {
    local greeting socket
    { exec {socket}<> "/dev/tcp/$1/22"; } 2> /dev/null || return 1
    IFS= read -r -t 2 -u "$socket" greeting || true
    exec {socket}>&-
    [[ ${greeting:-} == SSH-* ]]
}

finish_hosts() {
    local n
    for ((n = 1; n <= count; n++)); do
        wait_for 30 sshd_runs "h$n" || die "h$n did not start"
    done
    for n in 1 "$count"; do
        wait_for 10 answers "$(nth_address "$n")" || die "h$n cannot be reached from here"
    done
}

# What the parts said goes to the user before it is removed.
abandon() {
    cat "$dir"/keeper.log "$dir"/h1/*.log >&2 2> /dev/null || true
    lab_down
}

# Idempotent, and also right for a lab that half started or whose keeper was killed.
lab_down() {
    [[ -d $dir ]] || return 0
    if [[ -r $dir/lab.env ]]; then
        keeper='' keeper_start=''
        # shellcheck disable=SC1091
        . "$dir/lab.env"
        ip link delete "lab-$id" 2> /dev/null || true
        if ! ended; then kill -KILL "$keeper" 2> /dev/null || true; fi
        # The keeper is not collected before every process of the lab is.
        wait_for 10 ended || die "the lab's keeper, process $keeper, does not end"
    fi
    # Our own child, when this is an `up` that failed: it may not have reached the keeper yet.
    [[ -z ${starter:-} ]] || kill -KILL "$starter" 2> /dev/null || true
    remove_files
}

ended() { ! is_alive "$keeper" "$keeper_start"; }
