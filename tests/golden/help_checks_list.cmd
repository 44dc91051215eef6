0 --lang en checks list --help
0 --lang zh checks lint --help
0 --lang en checks test --help
