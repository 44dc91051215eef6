0 --lang en schema --help
0 --lang zh schema --help
