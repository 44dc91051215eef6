3 --lang en preflight --from @FIXTURES@/hostile-facts --all
3 --lang en preflight --from @FIXTURES@/hostile-facts -o junit=r.xml
0 $ tr -d "\n\t\040-\176\200-\377" < r.xml | wc -c
