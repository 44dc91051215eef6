2 --lang en preflight --from @FIXTURES@/founding-small --host im2 --pack memroy --check memory.totl --skip swap.presnt --role ap
2 --lang zh preflight --from @FIXTURES@/founding-small --host im2 --pack memroy --check memory.totl --skip swap.presnt --role ap
