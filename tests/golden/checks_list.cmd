0 --lang en checks list memory
0 --lang zh checks list memory
2 --lang en checks list memroy
2 --lang zh checks list memroy
