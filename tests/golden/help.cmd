0 --lang en --help
0 --lang zh --help
0 --version
