"""Compares an old installation with what rendering makes of it, apart from imops's own readers, and holds the summary against it.

usage: import_compare.py OLD_TREE RENDERED_TREE REPORT.json HOST

Both trees hold etc/…; the rendered files are laid over the old ones. Prints each difference that the summary lacks and each finding that
is no difference, then the number of differences. Exit status: 0 they agree, 1 they do not."""
import collections
import fnmatch
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml


class Loader(yaml.BaseLoader):
    """Every plain value is a text."""


def flat_yaml(value, key, into):
    if isinstance(value, dict):
        if not value:
            into[key] = "{}"
        for k, v in value.items():
            flat_yaml(v, f"{key}.{k}" if key else str(k), into)
    elif isinstance(value, list):
        if all(isinstance(x, str) for x in value):
            into[key] = "[" + ", ".join(value) + "]"
            return
        taken = set()
        for i, item in enumerate(value):
            name = item.get("port") if isinstance(item, dict) and isinstance(item.get("port"), str) else f"#{i}"
            name = f"{name}#{i}" if name in taken else name
            taken.add(name)
            flat_yaml(item, f"{key}[{name}]", into)
    else:
        into[key] = value


def load(path):
    with open(path, encoding="utf-8") as f:
        return yaml.load(f, Loader) or {}


def ejabberd(root):
    path = f"{root}/etc/ejabberd/ejabberd.yml"
    if not os.path.exists(path):
        return {}
    data = load(path)
    macros = data.pop("define_macro", {})

    def meant(x):
        if isinstance(x, str):
            return macros.get(x, x)
        if isinstance(x, list):
            return [meant(i) for i in x]
        return {k: meant(v) for k, v in x.items()}

    into = {}
    flat_yaml(meant(data), "", into)
    return into


def synapse(root):
    folder = f"{root}/etc/matrix-synapse"
    if not os.path.exists(f"{folder}/homeserver.yaml"):
        return {}
    data = load(f"{folder}/homeserver.yaml")
    for more in sorted(glob.glob(f"{folder}/conf.d/*.yaml")):
        data.update(load(more))
    into = {}
    flat_yaml(data, "", into)
    return into


def log(root):
    into = {}
    if os.path.exists(f"{root}/etc/matrix-synapse/log.yaml"):
        flat_yaml(load(f"{root}/etc/matrix-synapse/log.yaml"), "", into)
    return into


LUA = r"""
local root, main = arg[1], arg[2]
local out = {}
local function put(key, leaf, v)
    if type(v) ~= "table" then out[key] = tostring(v) return end
    local list, n = true, 0
    for k, x in pairs(v) do
        n = n + 1
        if type(k) ~= "number" or type(x) == "table" then list = false end
    end
    if list and leaf:match("^modules_") then
        for _, x in ipairs(v) do out[key .. "." .. tostring(x)] = "yes" end
    elseif list then
        local items = {}
        for i, x in ipairs(v) do items[i] = tostring(x) end
        out[key] = "[" .. table.concat(items, ", ") .. "]"
    else
        for k, x in pairs(v) do
            if type(k) == "number" then put(key .. "[#" .. (k - 1) .. "]", leaf, x) else put(key .. "." .. k, k, x) end
        end
    end
end
local function read(path)
    local section
    local env = setmetatable({}, {__newindex = function(_, k, v) put(section and section .. " > " .. k or k, k, v) end})
    rawset(env, "VirtualHost", function(name) section = "VirtualHost " .. name; out[section] = "yes" end)
    rawset(env, "Component", function(name)
        section = "Component " .. name
        out[section] = "yes"
        return function(module) out["Component " .. name] = module end
    end)
    rawset(env, "Include", function(pattern)
        local full = root .. (pattern:sub(1, 1) == "/" and pattern or "/etc/prosody/" .. pattern)
        local p = io.popen("ls -1 " .. full .. " 2>/dev/null | sort")
        for line in p:lines() do read(line) end
        p:close()
    end)
    assert(loadfile(path, "t", env))()
end
read(root .. main)
for k, v in pairs(out) do io.write(k, "\0", v, "\0") end
"""


def prosody(root):
    main = "/etc/prosody/prosody.cfg.lua"
    if not os.path.exists(root + main):
        return {}
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as f:
        f.write(LUA)
        f.flush()
        words = subprocess.run(["lua5.4", f.name, root, main], capture_output=True, check=True).stdout.decode().split("\0")
    return dict(zip(words[::2], words[1::2]))


def variables(root, path):
    into = {}
    if os.path.exists(root + path):
        for line in open(root + path, encoding="utf-8"):
            m = re.match(r'\s*(?:export )?(\w+)=(.*?)\s*$', line)
            if m:
                into[m[1]] = re.sub(r'^(["\'])(.*)\1$', r"\2", m[2])
    return into


UNITS = {  # the first whose name a path begins with
    "/etc/matrix-synapse/log.yaml": log,
    "/etc/matrix-synapse/": synapse,
    "/etc/ejabberd/ejabberd.yml": ejabberd,
    "/etc/prosody/": prosody,
    "/etc/default/ejabberd": lambda root: variables(root, "/etc/default/ejabberd"),
}
READ = ["/etc/matrix-synapse/log.yaml", "/etc/matrix-synapse/homeserver.yaml", "/etc/matrix-synapse/conf.d/*.yaml", "/etc/ejabberd/ejabberd.yml", "/etc/prosody/prosody.cfg.lua", "/etc/prosody/conf.d/*.cfg.lua", "/etc/default/ejabberd"]


def below(flat, key):
    return any(k.startswith(key + ".") or k.startswith(key + "[") for k in flat)


def differences(before, after):
    found = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new or (old is None and new == "{}" and below(before, key)) or (new is None and old == "{}" and below(after, key)):
            continue
        found[key] = (old, new)
    return found


def main():
    old, made, report, host = sys.argv[1:]
    expected, files = collections.defaultdict(dict), []
    for folder, _, names in os.walk(made):
        files += [os.path.join(folder, n)[len(made):] for n in names]
    with tempfile.TemporaryDirectory() as over:
        shutil.copytree(old, over, symlinks=True, dirs_exist_ok=True)
        for f in files:
            os.makedirs(os.path.dirname(over + f), exist_ok=True)
            if os.path.islink(over + f):
                os.remove(over + f)
            shutil.copyfile(made + f, over + f)
        for unit, read in UNITS.items():
            for key, pair in differences(read(old), read(over)).items():
                expected[unit][key] = pair
    unread = [f for f in files if not any(fnmatch.fnmatchcase(f, p) for p in READ)]
    wrong, seen = 0, collections.defaultdict(dict)
    for f in json.load(open(report, encoding="utf-8"))["findings"]:
        if f["id"] not in ("import.differs", "import.adds") or f["subject"] != host:
            continue
        path, _, key = f["item"].partition(" ")
        if not key and path in unread:
            unread.remove(path)
            continue
        unit = next((u for u in UNITS if path.startswith(u)), path)
        seen[unit][key] = (f.get("value"), f.get("limit"))
    for unit in expected.keys() | seen.keys():
        for key in expected[unit].keys() | seen[unit].keys():
            a, b = expected[unit].get(key), seen[unit].get(key)
            same = a and b and all(x == y or (y or "").startswith("(secret)") or (x is not None and y is not None and re.sub(r"\s+", " ", x)[:100] == re.sub(r"\s+", " ", y)[:100]) for x, y in zip(a, b))
            if not same:
                wrong += 1
                print(f"{host} {unit} {key}: is {a}, the summary says {b}")
    for f in unread:
        wrong += 1
        print(f"{host} {f}: is written, and the summary does not say so")
    print(sum(len(x) for x in expected.values()), "differences")
    return wrong != 0


sys.exit(main())
