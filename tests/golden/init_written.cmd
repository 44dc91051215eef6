0 --lang en init --product synapse --registered 5000 --host app1=10.0.0.11:app,proxy --host db1=10.0.0.12:db,cache --user im
0 $ cat imops.yaml
0 --lang en validate
2 --lang en init --product synapse --registered 5000 --host a=b:app
2 --lang zh init --product synapse --registered 5000 --host a=b:app
