2 --lang en monitoring nagois
2 --lang zh monitoring zabix
2 --lang en monitoring nagios --progam x
2 --lang en monitoring --program "/opt/a'b/imops"
2 --lang zh monitoring --user "a b"
2 --lang en monitoring --config none.yaml
0 $ cp imops.yaml "$(printf 'a\nb.yaml')"
2 --lang en monitoring -c "$(printf 'a\nb.yaml')"
