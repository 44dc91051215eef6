0 $ cp @GOLDEN@/packs/*.yaml .
0 --lang en checks lint own.yaml
0 --lang en checks test own.yaml
1 --lang en checks test wrong.yaml
1 --lang zh checks test wrong.yaml
2 --lang en checks lint broken.yaml
2 --lang zh checks lint broken.yaml
