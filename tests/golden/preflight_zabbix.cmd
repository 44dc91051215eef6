1 --lang en preflight --from @FIXTURES@/founding-small --pack memory --pack hardware --output zabbix
1 --lang zh preflight --from @FIXTURES@/founding-small --check cpu.cores --check memory.total --output zabbix
