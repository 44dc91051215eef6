0 --lang en import --help
0 --lang zh import --help
