1 --lang en preflight --from @FIXTURES@/founding-small --check memory.total -o human -o json=r.json -o nagios=r.txt
0 $ cat r.txt; ls
3 --lang en preflight --from @FIXTURES@/founding-small --check memory.total -o json=none/r.json
1 --lang en preflight --from @FIXTURES@/founding-small --check memory.total -o nagios=/dev/null
0 $ test -c /dev/null && echo "/dev/null is still a device"
