# Everything that is wrong under `settings`, at once; secrets that are not there; options that exclude each other; a name that is not there.
2 render --list
2 render --list --lang zh
0 $ sed -i '/settings/,$d' imops.yaml && printf '  - {name: app1, address: 10.0.0.11, roles: [app]}\nservices:\n  - {name: db, type: postgres, host: app1, user: "a\\nb", password: {env: IMOPS_NO_SUCH}}\n' >>imops.yaml
2 render --out o
1 $ IMOPS_NO_SUCH=secret-word "$imops" render --out o --component postgresql -q
2 render --out o --diff
2 render --list --host ap1
2 render --list --component ejabbred
2 render --push --patience soon
