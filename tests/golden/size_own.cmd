# A site's own packs hold where hosts are measured, too: in `size` and in `render`.
0 $ mkdir -p checks templates/own && cp @GOLDEN@/../../checks/memory.yaml checks && sed 's/value:  hardware.cpu.cores/value:  hardware.cpu.cores * 0 + 77/' @GOLDEN@/../../checks/hardware.yaml >checks/hardware.yaml
0 $ "$imops" --lang en size --measure --all >human; grep -o '77, advised' human
0 $ printf 'component: own\nversion: "1"\ntitle: {en: Own, zh: 自有}\nwhen: "true"\nfiles:\n  - {template: own.conf, path: /etc/own.conf, format: conf}\n' >templates/own/component.yaml; echo 'cores {{ size.cores }}' >templates/own/own.conf
0 $ "$imops" --lang en render --measure --component own --out out >/dev/null; grep -h '^cores' $(find out -name own.conf)
