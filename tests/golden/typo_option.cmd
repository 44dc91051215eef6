# one for each command
2 --lang en init --prodct x
2 --lang zh init --prodct x
2 --lang en validate --confg x
2 --lang zh validate --confg x
2 --lang en size --registred 5
2 --lang zh size --registred 5
2 --lang en preflight --stritc
2 --lang zh preflight --stritc
2 --lang en explain --cheks x memory.total
2 --lang zh explain --cheks x memory.total
2 --lang en checks list --cheks x
2 --lang zh checks lst
2 --lang en facts --prnt
2 --lang zh facts --prnt
2 --lang en completion bsh
2 --lang zh completion bsh
2 --lang en schema --x
2 --lang en size --registered many
2 --lang en size --registered -5
2 --lang zh preflight --timeout soon
2 --lang en preflight --fan-out 0
