0 render --help
0 render --help --lang zh
