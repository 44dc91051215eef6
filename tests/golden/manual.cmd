0 --lang en help validate
0 --lang zh help validate
2 --lang en help valdate
2 --lang zh help valdate
