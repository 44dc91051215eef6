0 --lang en explain memory.total
0 --lang zh explain memory.total
