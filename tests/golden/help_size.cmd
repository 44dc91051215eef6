0 --lang en size --help
0 --lang zh size --help
