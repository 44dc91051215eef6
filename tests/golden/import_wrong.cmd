# Each is refused before anything is asked or written.
2 --lang en import
2 --lang zh import
2 --lang en import 'a b'
2 --lang en import --from gone
2 --lang en import x=10.0.0.1 x=10.0.0.2
2 --lang zh import db=10.0.0.1
0 $ touch imops.yaml
2 --lang en import local
