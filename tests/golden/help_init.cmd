0 --lang en init --help
0 --lang zh init --help
