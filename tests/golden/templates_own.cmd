# A site's own templates take the place of ours; every mistake has its place.
0 $ mkdir -p templates/nginx templates/own && "$imops" templates show nginx/nginx.conf | sed 's/^user .*/user {{ host.nmae }};/' >templates/nginx/nginx.conf
2 templates lint
2 templates lint --lang zh
0 $ rm -r templates/nginx; printf 'component: own\nversion: "1"\ntitle: {en: Own, zh: 自有}\nwhen: "true"\nvariables:\n  size: {type: bytes, default: 3 MiB, about: {en: how large, zh: 大小}}\n  idle: {type: number, default: 1, about: {en: nobody reads it, zh: 没人用}}\nfiles:\n  - {template: own.conf, path: /etc/own.conf, format: conf}\n' >templates/own/component.yaml; printf 'size {{ settings.size }}\n{%% include "own/own.conf" %%}\n' >templates/own/own.conf
2 templates lint
0 $ sed -i '/idle/d' templates/own/component.yaml; echo 'size {{ settings.size }}' >templates/own/own.conf
0 templates list own
0 templates list own --lang zh
2 templates show own/own.cnf
