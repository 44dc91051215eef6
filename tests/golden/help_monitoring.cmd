0 --lang en monitoring --help
0 --lang zh monitoring --help
