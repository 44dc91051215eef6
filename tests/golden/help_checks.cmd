0 --lang en checks --help
0 --lang zh checks --help
