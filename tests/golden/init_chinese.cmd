0 --lang zh init --product generic --registered 500 --concurrent 100 --host im1=127.0.0.1:app,db --airgap
0 $ cat imops.yaml
0 validate
