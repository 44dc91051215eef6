0 --lang en probe --help
0 --lang zh probe --help
