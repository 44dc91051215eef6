1 --lang en size --from @FIXTURES@/founding-small
1 --lang zh size --from @FIXTURES@/founding-small
0 --lang en size --from @FIXTURES@/founding-enough
0 --lang zh size --from @FIXTURES@/founding-enough
