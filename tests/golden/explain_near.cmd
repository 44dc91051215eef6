2 --lang en explain memory.totl
2 --lang zh explain memory.totl
2 --lang en explain zzzzzzzzzz
2 --lang zh explain zzzzzzzzzz
