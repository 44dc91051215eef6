# What the benchmarks share: measuring a command, medians, and rows of their tables. `work` is the caller's folder.
# shellcheck shell=bash disable=SC2154

# Runs a command; adds "wall cpu memory" (milliseconds, milliseconds, MiB) to the file $1. Status 1 of imops only means findings.
measure() {
    local into=$work/$1
    shift
    python3 - "$into" "$@" <<'P'
import resource, subprocess, sys, time
start = time.monotonic()
status = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
wall = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
if status not in ((0, 1) if sys.argv[2].endswith("imops") else (0,)):
    sys.exit("status %d: %s" % (status, " ".join(sys.argv[2:])[:200]))
with open(sys.argv[1], "a") as f:
    f.write("%.1f %.1f %.1f\n" % (wall * 1000, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024))
P
}
# The median of column $2 (1 wall, 2 cpu, 3 memory) of the file $1.
median() { sort -n -k"$2,$2" "$work/$1" | awk -v c="$2" '{ x[NR] = $c } END { print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'; }
row() { # what, figure, peer, limit, is
    local verdict=PASS
    awk -v x="$5" -v y="$4" 'BEGIN { exit !(x <= y) }' || verdict=FAIL
    printf '| %s | %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$5" "$4" "$verdict"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }
round() { awk -v x="$1" 'BEGIN { printf x < 10 ? "%.1f" : "%.0f", x }'; }
