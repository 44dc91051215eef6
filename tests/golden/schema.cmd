0 $ true
0 --lang en schema
