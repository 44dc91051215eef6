#pragma once
#include "core/model/rules.hpp"

namespace imops {

enum class Protocol { matrix, xmpp };
template <> struct Words<Protocol> {
    static constexpr std::array<std::pair<std::string_view, Protocol>, 2> of{
        {{"matrix", Protocol::matrix}, {"xmpp", Protocol::xmpp}}};
};

/// One of the two accounts that write to each other.
struct Account {
    std::string user; // "alice", "alice@im.example.org", "@alice:im.example.org"
    SecretRef password;
};

/// `message:` of imops.yaml: what `imops probe --message` needs.
struct MessageProbe {
    std::optional<Protocol> protocol; // none: that of the url, else the product's
    std::string url, at, via, ca;
    Account from, to;
    Duration within{0}; // 0: the limits of the pack
};

/// Its name among hosts, services and endpoints.
inline constexpr std::string_view message_name = "message";

template <class X> void describe(X& x, Account& a) {
    x.need("user", a.user, {"name of the account", "账号名"}, word_of("@:._-=/+", 255));
    x.need("password", a.password, {"its password", "账号密码"}, one_reference());
}

template <class X> void describe(X& x, MessageProbe& m) {
    x.may("protocol", m.protocol, {"matrix or xmpp; default: the product's", "matrix 或 xmpp；默认取决于产品"});
    x.may("url", m.url,
          {"https://NAME of a Matrix homeserver, xmpp://DOMAIN; default: the first of `names`, for XMPP `domain`",
           "Matrix 服务器的 https://域名，或 xmpp://域名；默认用 `names` 中的第一个，XMPP 用 `domain`"});
    x.may("at", m.at, {"ADDRESS or ADDRESS:PORT to connect to instead of the url's", "改为连接此 地址 或 地址:端口"},
          word_of("._-:[]%", 253));
    x.may("via", m.via, {"host from which it is asked", "从哪台主机发起检查"}, word_of("._-", 63));
    x.may("ca", m.ca,
          {"PEM file of the authority that signed its certificate; default: the system's",
           "签发其证书的 CA 文件（PEM）；默认用系统的"},
          absolute_path());
    x.need("from", m.from, {"account that sends", "发送账号"});
    x.need("to", m.to, {"account that receives; another one", "接收账号，须与发送账号不同"});
    x.may("within", m.within,
          {"longest time from sending to arrival; default: a warning after 3 s, a failure after 6 s",
           "从发送到收到的最长时间；默认超过 3 s 警告，超过 6 s 失败"});
}

/// What is wrong with it, as far as imops.yaml alone tells.
std::optional<Objection> objection(const MessageProbe&);

} // namespace imops
