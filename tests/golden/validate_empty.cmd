0 $ : > empty.yaml; printf "\\n# only this\\n" > comment.yaml; printf "a: \\304\\332\\n" > gbk.yaml; printf "a: 1\\n\\tb: 2\\n" > tab.yaml
2 --lang en validate -c empty.yaml
2 --lang zh validate -c comment.yaml
2 --lang en validate -c gbk.yaml
2 --lang zh validate -c gbk.yaml
2 --lang en validate -c tab.yaml
2 --lang zh validate -c tab.yaml
