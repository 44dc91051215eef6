0 templates --help
0 templates list --help --lang zh
