0 --lang en monitoring nagios --program /usr/bin/imops
0 --lang en monitoring zabbix --program /usr/bin/imops --user imops
0 --lang en monitoring prometheus --program /usr/bin/imops --user imops
0 --lang zh monitoring --program /usr/bin/imops --user imops --write out
0 $ ls out; cat out/*.cfg out/*.conf out/*.rules.yml out/*.service; grep '"name"' out/*.json | sort -u
