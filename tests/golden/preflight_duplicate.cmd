0 --lang en preflight --from @FIXTURES@/duplicate-machine-id --pack system
1 --lang en preflight --from @FIXTURES@/duplicate-machine-id --pack system --strict
