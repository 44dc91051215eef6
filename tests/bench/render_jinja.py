"""The peer of tests/bench/render: the files of a tree that `imops render` wrote, rendered by Jinja2 from the same templates.
  render_jinja.py TEMPLATES IMOPS.YAML TREE INTO      writes INTO/HOST/path for each file of TREE
  render_jinja.py --compare TREE INTO                 says how many bodies are the same; status 1 if fewer than half are
Sizes and needs are constants here: reckoning them is not what is compared."""
import json, math, os, re, sys
import jinja2, yaml

UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1024, "MiB": 2**20, "GiB": 2**30, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
SAFE = re.compile(r"[A-Za-z0-9._/:@+,=%*~^|()\[\]-]+")


def quote(form, v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, float) and v == int(v):
        return str(int(v))
    if isinstance(v, list):
        words = [quote(form, x) for x in v]
        return "[" + ", ".join(words) + "]" if form == "yaml" else " ".join(words)
    if not isinstance(v, str):
        return v
    if form == "yaml":
        bare = re.fullmatch(r"[A-Za-z][A-Za-z0-9._/-]*", v) and v.lower() not in ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
        return v if bare else json.dumps(v, ensure_ascii=False)
    if form in ("postgres", "sh"):
        return "'" + v.replace("'", "''") + "'"
    if form in ("hba", "mysql", "env", "lua"):
        return '"' + v.replace('"', '\\"') + '"'
    return v if SAFE.fullmatch(v) else '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Remark(str):
    pass


def number(text):
    m = re.fullmatch(r"([0-9.]+) ?([A-Za-z]+)", text) if isinstance(text, str) else None
    return int(float(m[1]) * UNITS.get(m[2], UNITS.get(m[2] + "s", 1))) if m else text


FUNCTIONS = dict(choose=lambda c, a, b: a if c else b, floor=math.floor, ceil=math.ceil, least=min, most=max, text=lambda x: str(quote("conf", x)), length=len,
                 authority=lambda a, p: f"{a}:{p}", family=lambda a: 6 if ":" in a else 4 if re.fullmatch(r"[0-9.]+", a) else 0, say=lambda en, zh: Remark(en), words=str.split,
                 column=lambda rows, c: [r[c] for r in rows], first=lambda x: x[0], matches=lambda s, p: bool(re.search(p, s)), join=lambda l, by: by.join(l), replace=str.replace,
                 lower=str.lower, url_part=str, sql_text=repr, sql_name=repr, round=round, part=lambda s, p: (re.search(p, s) or [s, s])[1], **UNITS)


def environment(form):
    env = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined,
                             finalize=lambda v: v if isinstance(v, Remark) else quote(form, v))
    env.globals.update(FUNCTIONS)
    return env


def main(templates, deployment, tree, into):
    d = yaml.safe_load(open(deployment))
    rows = [{"name": h["name"], "address": h["address"], "port": {"ejabberd": {"https": 5443, "c2s": 5222}, "nginx": {"https": 443}}} for h in d["hosts"]]
    of = {h["name"]: h for h in d["hosts"]}
    roles = {r: [x for x in rows if r in of[x["name"]]["roles"]] for r in "app db cache proxy media turn monitor queue search backup jump".split()}
    port = {c: dict(zip("c2s https http s2s admin postgres redis turn turn_tls relay federation erl_dist".split(), (5222, 5443, 0, 5269, 5280, 5432, 6379, 3478, 5349, 49152, 8448, 5210)))
            for c in "ejabberd ejabberd_s2s ejabberd_admin ejabberd_cluster ejabberd_c2s_tls nginx postgresql redis coturn federation prometheus synapse synapse_metrics".split()}
    port["nginx"]["https"] = 443
    none = dict(given=False, here=False, type="", address="", port=0, user="", database="", password="", tls=False, ca="", region="")
    services = {s["type"]: dict(none, given=True, type=s["type"], address=of[s["host"]]["address"], port=5432 if s["type"] == "postgres" else 6379, user=s.get("user", ""),
                                database=s.get("database", ""), password="secret") for s in d["services"]}
    known = {"db0": "postgres", "cache0": "redis"}
    common = dict(deployment={"name": d["name"]}, product={"id": d["product"]}, name=d["names"][0], names=d["names"], domain=d["domain"] if "domain" in d else d["names"][0], airgap=False,
                  workload=dict(d["workload"], messages=800000, media=0, retention=31536000, federation="none"), hosts=rows, role=roles, port=port, count={"hosts": len(rows)}, firewall=[],
                  db=services["postgres"], postgres=services["postgres"], cache=services["redis"], mysql=none, memcached=none, turn=none, smtp=none, s3=none,
                  size=dict(cores=8, memory=2**34, measured=False, rotational=False), need=dict(files=65536, connections=80))
    manifests, compiled, expressions, plain = {}, {}, {}, environment("conf")

    def source(name):
        text = open(os.path.join(templates, name)).read()
        text = re.sub(r'(?m)^\s*\{% include "([^"]*)" %\}\s*$\n?', lambda m: source(m[1]), text)
        return text.replace("{% else if", "{% elif").replace("loop.is_last", "loop.last").replace("loop.index", "loop.index0")

    for host in sorted(os.listdir(tree)):
        h = of[host]
        data = dict(common, host=dict(name=host, address=h["address"], data="/var/lib", roles=h["roles"], ssh_port=22),
                    components={"app": ["ejabberd"], "db": ["postgresql"], "cache": ["redis"], "proxy": ["nginx"], "turn": ["ejabberd-turn"]}.get(h["roles"][0], []),
                    own={k: dict(services[t] if known.get(host) == t else none, port=p) for k, t, p in (("postgres", "postgres", 5432), ("cache", "redis", 6379), ("mysql", "", 3306), ("memcached", "", 11211), ("turn", "", 3478))},
                    databases=[{"database": "app", "user": "app"}] if host == "db0" else [])
        for folder, _, names in os.walk(os.path.join(tree, host)):
            for leaf in names:
                path = os.path.join(folder, leaf)
                head = open(path).readline()
                m = re.match(r"(?:#|--) imops: ([^,]+),", head)
                if not m:
                    continue
                component = m[1].split("/")[0]
                if component not in manifests:
                    manifests[component] = yaml.safe_load(open(os.path.join(templates, component, "component.yaml")))
                manifest = manifests[component]
                if m[1] not in compiled:
                    form = next(f["format"] for f in manifest["files"] if f["template"] == m[1].split("/", 1)[1])
                    compiled[m[1]] = environment(form).from_string(source(m[1]))
                settings = {}
                for key, v in (manifest.get("variables") or {}).items():
                    if v["type"] == "secret":
                        settings[key] = ""
                    elif "reckoned" in v:
                        if v["reckoned"] not in expressions:
                            expressions[v["reckoned"]] = plain.compile_expression(v["reckoned"])
                        settings[key] = expressions[v["reckoned"]](**data)
                    else:
                        settings[key] = number(v["default"]) if v["type"] in ("bytes", "seconds") else v["default"]
                try:
                    body = compiled[m[1]].render(data, settings=settings)
                except (TypeError, jinja2.UndefinedError) as e:
                    sys.exit(f"{m[1]}: {e}")
                out = path.replace(tree, into, 1)
                os.makedirs(os.path.dirname(out), 0o700, exist_ok=True)
                with open(out, "w") as f:
                    f.write(head + open(path).readlines()[1] + body)
                os.chmod(out, os.stat(path).st_mode & 0o777)


def compare(tree, into):
    same = files = 0
    for folder, _, names in os.walk(tree):
        for leaf in names:
            path = os.path.join(folder, leaf)
            other = path.replace(tree, into, 1)
            files += 1
            same += os.path.exists(other) and open(path).read() == open(other).read()
    print(f"{same} of {files} files are the same, word for word", file=sys.stderr)
    sys.exit(same * 2 < files)


if sys.argv[1] == "--compare":
    compare(*sys.argv[2:])
main(*sys.argv[1:])
