0 --lang en preflight --from @FIXTURES@/founding-enough --check cpu.cores --check memory.total --all
0 --lang zh preflight --from @FIXTURES@/founding-enough --check cpu.cores --check memory.total --all
0 --lang en preflight --from @FIXTURES@/founding-enough --check cpu.cores -o nagios
