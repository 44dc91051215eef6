"""Registers accounts at a Synapse: synapse_account.py URL FILE-OF-SHARED-SECRET FILE-OF-PASSWORD..., named after their files."""
import hashlib
import hmac
import json
import os
import sys
import urllib.request

url, secret, *accounts = sys.argv[1:]
url += "/_synapse/admin/v1/register"
key = open(secret, "rb").read().strip()
for path in accounts:
    name, password = os.path.basename(path), open(path).read().strip()
    nonce = json.load(urllib.request.urlopen(url, timeout=10))["nonce"]
    mac = hmac.new(key, "\0".join([nonce, name, password, "notadmin"]).encode(), hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": name, "password": password, "admin": False, "mac": mac}
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}), timeout=10)
