2 --lang en preflight --from @FIXTURES@/founding-small --pack memory --pack hardware --output nagios
2 --lang zh preflight --from @FIXTURES@/founding-small --check cpu.cores --check memory.total --output nagios
