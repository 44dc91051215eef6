0 --lang en explain --help
0 --lang zh explain --help
