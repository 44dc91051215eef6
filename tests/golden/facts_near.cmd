2 --lang en facts --print --host app2
2 --lang zh facts --print --pack memroy
