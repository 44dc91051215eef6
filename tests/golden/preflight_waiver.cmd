1 --lang en preflight --from @FIXTURES@/expired-waiver --check cpu.cores --check memory.total
1 --lang zh preflight --from @FIXTURES@/expired-waiver --check cpu.cores --check memory.total
