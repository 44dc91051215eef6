2 --lang en preflight --from @FIXTURES@/founding-small -o json -o human
2 --lang zh preflight --from @FIXTURES@/founding-small -o json -o human
2 --lang en preflight --from @FIXTURES@/founding-small -o jsn
2 --lang zh preflight --from @FIXTURES@/founding-small -o xml=f
