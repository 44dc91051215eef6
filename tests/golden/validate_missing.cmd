2 --lang en validate
2 --lang zh validate -c none.yaml
2 --lang en preflight -c none.yaml
2 --lang zh size -c none.yaml
3 --lang en validate -c .
3 --lang en preflight --from none
3 --lang zh preflight --from none
