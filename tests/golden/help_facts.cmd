0 --lang en facts --help
0 --lang zh facts --help
