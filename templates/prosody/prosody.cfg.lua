-- {{ say("Accounts that administrate", "管理员账号") }}
admins = {{ settings.admins }}

modules_enabled = {
    -- {{ say("What every client needs", "客户端的基本功能") }}
    "disco", "roster", "saslauth", "tls", "ping", "time", "version", "uptime",
    -- {{ say("Several devices at once, and telephones that sleep", "多设备同步与移动端省电") }}
    "carbons", "smacks", "csi_simple", "mam", "blocklist", "bookmarks", "private", "pep", "vcard4", "vcard_legacy",
    -- {{ say("Nobody may flood the server", "防止客户端占满服务器") }}
    "limits", "tombstones",
    -- {{ say("For administrators: prosodyctl shell, and a client that knows ad-hoc commands", "管理：prosodyctl shell 与支持 ad-hoc 命令的客户端") }}
    "admin_shell", "admin_adhoc", "announce",
{% if "prosody-s2s" in components %}
    "dialback", "s2s_bidi",
{% endif %}
{% if "prosody-http" in components %}
    "http", "bosh", "websocket",
{% endif %}
{% if "prosody-internal" in components %}
    "admin_telnet",
{% endif %}
{% if turn.given and (turn.password != "") %}
    "turn_external",
{% endif %}
}
{% if not ("prosody-s2s" in components) %}
-- {{ say("No other server", "不与其他服务器互联") }}
modules_disabled = { "s2s", "s2s_auth_certs" }
{% endif %}

pidfile = "/run/prosody/prosody.pid"
log = {
    info = "/var/log/prosody/prosody.log",
    error = "/var/log/prosody/prosody.err",
}

-- {{ say("Nothing passes without TLS", "所有连接必须使用 TLS") }}
certificates = {{ settings.certificates }}
tls_profile = "intermediate"
c2s_require_encryption = true
s2s_require_encryption = true
s2s_secure_auth = true

-- {{ say("Accounts come from administrators; passwords are kept as SCRAM's hashes", "账号由管理员创建；密码以 SCRAM 散列保存") }}
authentication = "internal_hashed"
allow_registration = false

{% if db.given %}
-- {{ say("Accounts, messages and lists lie in the database; Prosody makes its own tables", "账号、消息和名单存放在数据库；数据表由 Prosody 自行创建") }}
storage = "sql"
sql = {
    driver = {{ choose(db.type == "mysql", "MySQL", "PostgreSQL") }},
    host = {{ db.address }},
    port = {{ db.port }},
    database = {{ choose(db.database == "", db.user, db.database) }},
    username = {{ db.user }},
    password = {{ db.password }},
}
{% else %}
-- {{ say("Files below /var/lib/prosody: imops.yaml declares no database", "存放在 /var/lib/prosody 下的文件中：imops.yaml 没有声明数据库") }}
storage = "internal"
{% endif %}

-- {{ say("How long messages are kept", "消息的保留时长") }}
archive_expires_after = {{ choose(settings.purge, text(most(1, ceil(settings.keep / days))) + "d", "never") }}
muc_log_expires_after = {{ choose(settings.purge, text(most(1, ceil(settings.keep / days))) + "d", "never") }}

limits = {
    c2s = { rate = {{ text(settings.client_rate) + "kb/s" }} },
    s2sin = { rate = {{ text(settings.server_rate) + "kb/s" }} },
}

c2s_ports = { {{ port.prosody.c2s }} }
{% if "prosody-s2s" in components %}
s2s_ports = { {{ port.prosody_s2s.s2s }} }
{% endif %}
{% if "prosody-http" in components %}

-- {{ say("For the proxy, which ends TLS: whatever name it asks for, it is this domain's", "供代理访问；TLS 由代理终结，任何主机名的请求都归本域名处理") }}
http_ports = { {{ port.prosody_http.http }} }
http_interfaces = { "*", "::" }
https_ports = { }
http_default_host = {{ name }}
http_external_url = {{ "https://" + name + "/" }}
{% if length(role.proxy) > 0 %}
trusted_proxies = {
    "127.0.0.1", "::1",
{% for h in role.proxy %}
{% if family(h.address) > 0 %}
    {{ h.address }},
{% endif %}
{% endfor %}
}
{% endif %}
{% endif %}
{% if "prosody-internal" in components %}

-- {{ say("For this host alone: neither asks for a password", "仅限本机：以下接口都没有密码") }}
console_ports = { {{ port.prosody_internal.console }} }
console_interfaces = { "127.0.0.1" }
component_ports = { {{ port.prosody_internal.component }} }
component_interfaces = { "127.0.0.1" }
{% endif %}
{% if "prosody-proxy65" in components %}
proxy65_ports = { {{ port.prosody_proxy65.proxy65 }} }
{% endif %}
{% if turn.given and (turn.password != "") %}

-- {{ say("Calls: clients get credentials that the secret has made", "通话：用共享密钥为客户端生成临时凭据") }}
turn_external_host = {{ settings.turn_host }}
turn_external_port = {{ turn.port }}
turn_external_secret = {{ turn.password }}
turn_external_ttl = {{ settings.turn_lifetime }}
turn_external_tcp = true
{% endif %}

VirtualHost {{ domain }}
{% if "prosody-http" in components %}
    http_host = {{ name }}
{% endif %}

-- {{ say("Rooms, which people of this server may make", "聊天室，仅本服务器用户可创建") }}
Component {{ "conference." + domain }} "muc"
    modules_enabled = { "muc_mam" }
    restrict_room_creation = "local"
{% if "prosody-http" in components %}

-- {{ say("Uploads", "文件上传") }}
Component {{ "upload." + domain }} "http_file_share"
    http_host = {{ name }}
    http_file_share_size_limit = {{ settings.upload_size }}
    http_file_share_daily_quota = {{ settings.upload_day }}
    http_file_share_expires_after = {{ choose(settings.purge, settings.keep, -1) }}
{% endif %}
{% if "prosody-proxy65" in components %}

Component {{ "proxy." + domain }} "proxy65"
{% endif %}

-- {{ say("A site's own hosts and components", "站点自己的主机与组件") }}
Include "/etc/prosody/conf.d/*.cfg.lua"
