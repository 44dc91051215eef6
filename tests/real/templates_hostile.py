"""Hostile values for templates_products: `write IMOPS TEMPLATES WORK` renders a deployment for each of them, `read WORK` is Synapse's
reader, `judge WORK` compares what the programs read with what was given. A reader writes lines `LABEL KEY HEX...` to WORK/PRODUCT.read."""
import json
import pathlib
import subprocess
import sys

import yaml

VALUES = {
    "quote": "it's", "double": 'say "hi"', "semicolon": "a;b", "braces": "{{ x }}", "statement": "{% if x %}", "inja": "{# x #}", "home": "$HOME", "shell": "${x}`id`$(id)",
    "percent": "%n%s%(asctime)s", "backslash": "a\\b\\n\\", "hash": "# a #b", "spaces": "  two  spaces  ", "chinese": "中文，密码", "long": "x'\"\\" * 1000, "break": "a\nb: c", "tab": "a\tb",
    "yes": "yes", "null": "null", "tilde": "~", "number": "0123", "float": "1e3", "infinity": "infinity", "undefined": "undefined", "colon": "a: b", "anchor": "&a *b !c",
    "lua": "]] .. os.exit() --", "macro": "@HOST@", "list": "[a, b]", "dash": "- a", "escape": "\x1b[31m", "delete": "a\x7fb", "next line": "a\u0085b\u2028c", "emoji": "🙂",
}
# Settings that are texts below a folder, lists of texts, and texts
PRODUCTS = {
    "synapse": ("synapse, synapse-workers, synapse-metrics", {"media": "/srv/m/"}, ["federation_domains", "key_servers"], ["turn_host"]),
    "ejabberd": ("ejabberd, ejabberd-admin", {"certificate": "/srv/c/"}, [], ["turn_host"]),
    "prosody": ("prosody, prosody-http", {"certificates": "/srv/c/"}, ["admins"], ["turn_host"]),
}


def deployment(product, chosen, value, secret):
    components, paths, lists, texts = PRODUCTS[product]
    secret.write_text((value if "secrets" in chosen else "plain") + "\n")
    secret.chmod(0o600)
    name = value if "names" in chosen else "plain"
    settings = {k: head + value[:200] for k, head in paths.items() if k in chosen}
    settings |= {k: [value, value + "2"] for k in lists if k in chosen}
    settings |= {k: value for k in texts if k in chosen}
    app = {"name": "app", "address": "127.0.0.1", "transport": "local", "roles": ["app"], "components": components.split(", ")}
    password = {"file": str(secret)}
    return {
        "imops": 1, "name": "hostile", "product": product, "names": ["chat.test.local"], "domain": "im.test.local", "workload": {"registered": 1000, "federation": "small"},
        "hosts": [app, {"name": "db", "address": "10.0.0.6", "roles": ["db", "cache"]}],
        "services": [
            {"name": "pg", "type": "postgres", "host": "db", "user": name, "database": name, "password": password},
            {"name": "redis", "type": "redis", "host": "db", "password": password},
            {"name": "turn", "type": "turn", "address": "turn.test.local", "password": password},
        ],
        "settings": {product: settings},
    }


def write(imops, templates, work):
    written = refused = 0

    def attempt(product, chosen, label, value):
        nonlocal written, refused
        folder = pathlib.Path(work, "hostile", product, label.replace(" ", "-"))
        folder.mkdir(parents=True)
        file = folder / "imops.yaml"
        file.write_text(json.dumps(deployment(product, chosen, value, folder / "secret"), ensure_ascii=False))
        command = [imops, "render", "-q", "-c", file, "--templates", templates, "--component", product, "--host", "app", "-o", folder / "out"]
        r = subprocess.run(command, capture_output=True, text=True, timeout=60)
        said = (r.stdout + r.stderr).strip()
        if r.returncode == 0:
            written += 1
            (folder / "given.json").write_text(json.dumps({"chosen": chosen, "value": value}))
        elif r.returncode in (1, 2) and said:
            refused += 1
            (folder / "refused").write_text(said)
        else:
            print(f"FAILED: {product} {label}: status {r.returncode}, {said[:200]!r}")
        return r.returncode == 0

    for product, (_, paths, lists, texts) in PRODUCTS.items():
        places = ["secrets", "names", *paths, *lists, *texts]
        for label, value in VALUES.items():
            # All places at once; if that is refused, each alone, so that the refusal of one hides no other.
            if not attempt(product, places, label, value):
                for place in places:
                    attempt(product, [place], f"{label}-{place}", value)
    print(f"hostile values: {written} deployments written, {refused} refused")


def read(work):
    """Runs where Synapse is."""
    from synapse.config.homeserver import HomeServerConfig

    with open(pathlib.Path(work, "synapse.read"), "w") as out:
        for folder in sorted(pathlib.Path(work, "hostile", "synapse").iterdir()):
            file = folder / "out/app/etc/matrix-synapse/homeserver.yaml"
            if not file.exists():
                continue

            def say(key, *values):
                print(folder.name, key, *(v.encode().hex() or "-" for v in values), file=out)

            try:
                config = HomeServerConfig.load_config("", ["-c", str(file)])
            except Exception as e:  # whatever it is, it is told
                say("error", f"{type(e).__name__}: {e}")
                continue
            args = config.database.databases[0].config["args"]
            say("db.password", args["password"])
            say("db.user", args["user"])
            say("db.database", args["dbname"])
            say("redis", config.redis.redis_password)
            say("turn", config.voip.turn_shared_secret)
            say("turn_host", *config.voip.turn_uris)
            say("media", config.media.media_store_path)
            say("federation_domains", *config.federation.federation_domain_whitelist)
            say("key_servers", *(s.server_name for s in config.key.key_servers))


def judge(work):
    same = refused = 0
    for product, (_, paths, lists, texts) in PRODUCTS.items():
        found = {}
        for line in pathlib.Path(work, product + ".read").read_text().splitlines():
            label, key, *values = line.split(" ")
            found.setdefault(label, {})[key] = [bytes.fromhex(v.strip("-")).decode() for v in values]
        for folder in sorted(pathlib.Path(work, "hostile", product).iterdir()):
            if not (folder / "given.json").exists():
                continue
            given = json.loads((folder / "given.json").read_text())
            chosen, value = given["chosen"], given["value"]
            for file in folder.glob("out/app/etc/**/*.y*ml"):
                try:
                    yaml.safe_load(file.read_text())
                except yaml.YAMLError as e:
                    print(f"FAILED: {product} {folder.name}: {file.name}: {e}"[:300].replace("\n", " "))
            got = found.get(folder.name, {"error": ["nothing was read"]})
            if "error" in got:
                if set(chosen) & {"secrets", "names"}:
                    print(f"FAILED: {product} {folder.name}: {got['error'][0][:300]}")
                else:
                    refused += 1
                continue
            secret = value.split("\n")[0] if "secrets" in chosen else "plain"
            name = value if "names" in chosen else "plain"
            want = {"db.password": [secret], "db.user": [name], "db.database": [name], "turn": [secret]}
            if product != "prosody":
                want["redis"] = [secret]
            want |= {k: [head + value[:200]] for k, head in paths.items() if k in chosen}
            want |= {k: [value, value + "2"] for k in lists if k in chosen}
            if "turn_host" in chosen and not (product == "ejabberd" and value == "0123"):  # an address to ejabberd
                host = f"[{value}]" if ":" in value else value
                want["turn_host"] = [f"turn:{host}:3478?transport={t}" for t in ("udp", "tcp")] if product == "synapse" else [value]
            for key, expected in want.items():
                if got.get(key) == expected:
                    same += 1
                else:
                    print(f"FAILED: {product} {folder.name}: {key} is {got.get(key)!r:.200}, not {expected!r:.200}")
    print(f"hostile values: {same} read back by the programs as they were given, {refused} deployments refused by them")


if __name__ == "__main__":
    {"write": write, "read": read, "judge": judge}[sys.argv[1]](*sys.argv[2:])
