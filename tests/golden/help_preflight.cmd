0 --lang en preflight --help
0 --lang zh preflight --help
