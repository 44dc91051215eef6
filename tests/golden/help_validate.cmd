0 --lang en validate --help
0 --lang zh validate --help
