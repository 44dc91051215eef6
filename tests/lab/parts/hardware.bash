# The hardware that a host appears to have: the texts of /proc files, made from a few numbers.
# They are fixed texts: the same lab looks the same on every machine, and two runs give the same report.
# Sourced by ../lab.
# The parts share variables (dir, count, host_pid …), which are set in one file and read in another.
# shellcheck shell=bash disable=SC2154,SC2034

# bytes_of 7.6GiB -> 8160437862. Accepts B, KiB, MiB, GiB, TiB; without a unit it is bytes.
bytes_of() {
    [[ $1 =~ ^([0-9]+(\.[0-9]+)?)(B|KiB|MiB|GiB|TiB)?$ ]] || die "'$1' is not a size; write it like 4GiB or 7.6GiB"
    local -A unit=([B]=0 [KiB]=1 [MiB]=2 [GiB]=3 [TiB]=4)
    awk -v n="${BASH_REMATCH[1]}" -v e="${unit[${BASH_REMATCH[3]:-B}]}" 'BEGIN { printf "%.0f", n * 1024 ^ e }'
}

# meminfo TOTAL AVAILABLE SWAP, in bytes.
meminfo() {
    local total=$(($1 / 1024)) available=$(($2 / 1024)) swap=$(($3 / 1024))
    local free=$((available * 7 / 8)) cached=$((available / 10)) used=$((total - available))
    printf '%-15s %8d kB\n' \
        MemTotal: $total MemFree: $free MemAvailable: $available Buffers: $((cached / 8)) Cached: $cached \
        SwapCached: 0 Active: $((used / 2)) Inactive: $((used / 4)) Unevictable: 0 Mlocked: 0 \
        SwapTotal: $swap SwapFree: $swap Dirty: 64 Writeback: 0 AnonPages: $((used / 2)) Mapped: $((used / 8)) \
        Shmem: 1024 KReclaimable: $((used / 20)) Slab: $((used / 10)) SReclaimable: $((used / 20)) \
        SUnreclaim: $((used / 20)) KernelStack: 2048 PageTables: 4096 NFS_Unstable: 0 Bounce: 0 WritebackTmp: 0 \
        CommitLimit: $((total / 2 + swap)) Committed_AS: $((used / 2)) VmallocTotal: 34359738367 VmallocUsed: 16384 \
        VmallocChunk: 0 Percpu: 2048 HardwareCorrupted: 0 AnonHugePages: 0
    printf 'HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\nHugePages_Surp:        0\n'
    printf 'Hugepagesize:       2048 kB\nHugetlb:               0 kB\n'
}

swaps() {
    printf 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'
    (($1 == 0)) || printf '/swapfile                               file\t\t%d\t\t0\t\t-2\n' $(($1 / 1024))
}

cpuinfo() {
    local i flags='fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2'
    flags+=' ss ht syscall nx pdpe1gb rdtscp lm constant_tsc arch_perfmon rep_good nopl xtopology nonstop_tsc cpuid'
    flags+=' tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c'
    flags+=' rdrand hypervisor lahf_lm abm 3dnowprefetch fsgsbase bmi1 avx2 smep bmi2 erms invpcid rdseed adx smap'
    for ((i = 0; i < $1; i++)); do
        printf 'processor\t: %d\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n' "$i"
        printf 'model name\t: Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz\nstepping\t: 7\ncpu MHz\t\t: 2100.000\n'
        printf 'cache size\t: 28160 KB\nphysical id\t: 0\nsiblings\t: %d\ncore id\t\t: %d\ncpu cores\t: %d\n' "$1" "$i" "$1"
        printf 'apicid\t\t: %d\nfpu\t\t: yes\ncpuid level\t: 22\nflags\t\t: %s\nbogomips\t: 4200.00\n\n' "$i" "$flags"
    done
}

# cpu_stat CORES BOOT_TIME : /proc/stat of a host that was mostly idle. It does not move: two samples show no work.
cpu_stat() {
    local i
    printf 'cpu  %d 0 %d %d %d 0 %d 0 0 0\n' $((9000 * $1)) $((3000 * $1)) $((8000000 * $1)) $((400 * $1)) $((50 * $1))
    for ((i = 0; i < $1; i++)); do printf 'cpu%d 9000 0 3000 8000000 400 0 50 0 0 0\n' "$i"; done
    printf 'intr 1000000\nctxt 2000000\nbtime %d\nprocesses 5000\nprocs_running 1\nprocs_blocked 0\n' "$2"
    printf 'softirq 100000 0 10000 0 10000 0 0 10000 10000 0 60000\n'
}

cpu_range() { if (($1 == 1)); then echo 0; else echo "0-$(($1 - 1))"; fi; }

# write_hardware FOLDER CORES MEMORY AVAILABLE SWAP LOAD... : all the files, as ../parts/host binds them.
uptime_seconds=86400
write_hardware() {
    local to=$1 cores=$2 memory=$3 available=$4 swap=$5 load=${6:-0.08 0.05 0.01}
    mkdir -p "$to"
    meminfo "$memory" "$available" "$swap" > "$to/meminfo"
    swaps "$swap" > "$to/swaps"
    cpuinfo "$cores" > "$to/cpuinfo"
    cpu_stat "$cores" $((EPOCHSECONDS - uptime_seconds)) > "$to/stat"
    cpu_range "$cores" > "$to/cpus"
    printf '%s 1/120 4242\n' "$load" > "$to/loadavg"
    printf '%d.00 %d.00\n' "$uptime_seconds" $((uptime_seconds * cores)) > "$to/uptime"
}
