0 --lang en health --help
0 --lang zh health --help
