0 --lang en completion --help
0 --lang zh completion --help
