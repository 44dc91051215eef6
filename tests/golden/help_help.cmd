0 --lang en help --help
0 --lang zh help --help
