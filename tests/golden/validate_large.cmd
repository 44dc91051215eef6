0 $ head -c 100000000 /dev/zero | tr "\0" x > large.yaml
2 --lang en validate -c large.yaml
2 --lang zh validate -c large.yaml
