0 --lang en size --product synapse --registered 5000 --concurrent 600
0 --lang zh size --product synapse --registered 5000 --concurrent 600
2 --lang en size --product synaps --registered 5000
2 --lang zh size --product synaps --registered 5000
