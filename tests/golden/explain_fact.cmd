0 --lang en explain memory.info
0 --lang zh explain memory.info
