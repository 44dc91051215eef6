2 --lang en preflihgt
2 --lang zh preflihgt
2 --lang en
2 --lang zh
2 --lang en frobnicate
2 --lang fr size
