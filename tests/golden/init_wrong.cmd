2 --lang en init
2 --lang zh init
2 --lang en init --product synaps --registered 5 --host a=b:app
2 --lang zh init --product synapse --registered 5 --host app1
2 --lang en init --product synapse --registered 5 --host 'a;b=c:app'
2 --lang en init --product synapse --registered 5 --host a=b:web
0 $ ls
