0 --lang en validate
0 --lang zh validate
0 --lang en validate -c @FIXTURES@/founding-enough/imops.yaml
