#include "core/probe/smtp.hpp"
#include "core/base/string.hpp"
#include "core/probe/endpoint.hpp"
#include <algorithm>
#include <openssl/crypto.h>
#include <unistd.h>

namespace imops::probe {

namespace {

struct Reply {
    int code = 0;
    std::vector<std::string> lines; // without the code
};

/// What a server offers in its answer to EHLO.
struct Offers {
    bool starttls = false;
    std::vector<std::string> mechanisms;
    bool has(std::string_view m) const { return std::ranges::find(mechanisms, m) != mechanisms.end(); }
};

Offers offers_of(const Reply& r) {
    Offers o;
    for (auto& line : r.lines) {
        std::string upper;
        for (char c : line)
            upper += char(std::toupper(static_cast<unsigned char>(c == '=' ? ' ' : c))); // "AUTH=LOGIN" of old servers
        auto words = split(upper, ' ');
        if (words[0] == "STARTTLS") o.starttls = true;
        if (words[0] == "AUTH" && o.mechanisms.empty())
            for (std::size_t i = 1; i < words.size(); ++i)
                if (!words[i].empty()) o.mechanisms.push_back(one_line(words[i], 40));
    }
    return o;
}

class Conversation {
    const Target& t_;
    Answer& answer_;
    std::unique_ptr<Stream> stream_;
    std::string got_;

    bool fail(std::string code, Line what, Text remedy) {
        return answer_.fail(std::move(code), Error{Code::remote, std::move(what), remedy, {}}), false;
    }
    const Line& where() const { return stream_->where(); }
    bool not_smtp(std::string_view first) {
        return answer_.fail("not_smtp", stranger(where(), first, Text{"a mail server", "邮件服务"})), false;
    }

    /// One reply, of any number of lines; false: it failed.
    bool read(Reply& r) {
        r = {};
        for (std::size_t all = 0;;) {
            for (std::size_t end; (end = got_.find('\n')) != got_.npos;) {
                auto line = std::string{trim(std::string_view{got_}.substr(0, end))};
                bool digits = line.size() >= 3 && std::all_of(line.begin(), line.begin() + 3,
                                                              [](unsigned char c) { return std::isdigit(c); });
                if (!digits || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) return not_smtp(got_);
                got_.erase(0, end + 1);
                r.code = std::stoi(line.substr(0, 3));
                r.lines.push_back(line.size() > 4 ? line.substr(4) : "");
                if (line.size() == 3 || line[3] == ' ') return true;
            }
            if (all > 64 << 10) return not_smtp(got_);
            auto more = stream_->read();
            if (!more) {
                if (!got_.empty() && !who_answers(got_).empty() && !got_.starts_with("220")) return not_smtp(got_);
                return answer_.fail(more.error()), false;
            }
            if (more->empty())
                return !got_.empty()
                           ? not_smtp(got_)
                           : (answer_.fail(
                                  Error{Code::lost,
                                        say("{}: closes the connection without an answer", "{}：没有应答就关闭了连接",
                                            where()),
                                        Text{"Does this port want TLS from the first byte (`smtps://`, usually 465)? "
                                             "Is this client's address refused? Look into the mail server's log.",
                                             "该端口是否一开始就要求 TLS（应写 `smtps://`，通常为 "
                                             "465）？是否拒绝了本机地址？请查看邮件服务器日志。"},
                                        {}}),
                              false);
            all += more->size();
            got_ += *more;
        }
    }
    bool ask(std::string_view command, Reply& r) {
        if (auto wrong = stream_->write(fmt::format("{}\r\n", command))) return answer_.fail(std::move(*wrong)), false;
        return read(r);
    }
    bool turned_away(const Reply& r) {
        auto said = one_line(fmt::format("{} {}", r.code, fmt::join(r.lines, " ")), 160);
        if (r.code / 100 == 4)
            return fail(
                "busy",
                say("{}: the mail server asks to come later: {}", "{}：邮件服务器要求稍后再试：{}", where(), said),
                Text{"It limits this address, is overloaded, or its disk is full: its log names which. An application "
                     "keeps its mail and tries again.",
                     "原因可能是对本机限流、负载过高或磁盘已满，见邮件服务器日志。应用会保留邮件并重试。"});
        return fail(
            "turned_away",
            say("{}: the mail server turns this client away: {}", "{}：邮件服务器拒绝本客户端：{}", where(), said),
            Text{"Allow the application's address there (Postfix: `mynetworks`, `smtpd_client_restrictions`), or use "
                 "the port for clients that log in, 587 or 465. A block list is named in the answer.",
                 "请在邮件服务器上放行应用的地址（Postfix 为 "
                 "`mynetworks`、`smtpd_client_restrictions`），或改用需登录的提交端口 587 或 "
                 "465。若被列入黑名单，应答中会给出名单名称。"});
    }
    bool greet(Offers& offers) {
        char name[256] = "";
        Reply r;
        if (::gethostname(name, sizeof name - 1) != 0 || !*name) std::snprintf(name, sizeof name, "localhost");
        if (!ask(fmt::format("EHLO {}", name), r)) return false;
        if (r.code != 250) return turned_away(r);
        offers = offers_of(r);
        return true;
    }
    bool start_tls(const Offers& offers) {
        Reply r;
        if (!offers.starttls)
            return fail("no_starttls",
                        say("{}: no encryption (STARTTLS) is offered, and a log-in in the clear is out of the question",
                            "{}：服务器不提供加密（STARTTLS），不能以明文登录", where()),
                        Text{"Give the mail server a certificate (Postfix: `smtpd_tls_cert_file`, "
                             "`smtpd_tls_security_level = may`), or use its port for TLS, 465, with `smtps://`.",
                             "请为邮件服务器配置证书（Postfix 为 `smtpd_tls_cert_file`、`smtpd_tls_security_level = "
                             "may`），或以 `smtps://` 使用其 TLS 端口 465。"});
        if (!ask("STARTTLS", r)) return false;
        if (r.code != 220) return turned_away(r);
        got_.clear(); // what came in the clear behind it
        return secure(*stream_, t_.wish, answer_);
    }
    /// Sends something secret, and wipes it.
    bool ask_secretly(std::string_view before, std::string secret, Reply& r) {
        auto encoded = base64(secret);
        auto line = fmt::format("{}{}\r\n", before, encoded);
        auto wrong = stream_->write(line);
        for (auto* s : {&secret, &encoded, &line}) ::OPENSSL_cleanse(s->data(), s->size());
        if (wrong) return answer_.fail(std::move(*wrong)), false;
        return read(r);
    }
    bool log_in(const Offers& offers) {
        auto password = t_.password ? t_.password->reveal() : std::string_view{};
        Reply r;
        if (offers.has("PLAIN")) {
            if (!ask_secretly("AUTH PLAIN ", fmt::format("{}{}{}{}", '\0', t_.user, '\0', password), r)) return false;
        } else if (offers.has("LOGIN")) {
            if (!ask("AUTH LOGIN", r) || (r.code == 334 && !ask_secretly("", t_.user, r)) ||
                (r.code == 334 && !ask_secretly("", std::string{password}, r)))
                return false;
        } else
            return fail("no_auth",
                        say("{}: the mail server offers no log-in with PLAIN or LOGIN (offered: {})",
                            "{}：邮件服务器不提供 PLAIN 或 LOGIN 登录（提供：{}）", where(),
                            offers.mechanisms.empty() ? "-" : fmt::format("{}", fmt::join(offers.mechanisms, " "))),
                        Text{"This port takes no log-ins: use the one for clients, 587 or 465; or leave `user` and "
                             "`password` out in imops.yaml and in the application.",
                             "该端口不接受登录：请改用提交端口 587 或 465；或在 imops.yaml 和应用中去掉 `user` 和 "
                             "`password`。"});
        if (r.code == 235) return true;
        auto said = one_line(fmt::format("{} {}", r.code, fmt::join(r.lines, " ")), 160);
        if (r.code / 100 == 4)
            return fail("auth_down",
                        say("{}: the mail server cannot check the log-in now: {}", "{}：邮件服务器暂时无法校验登录：{}",
                            where(), said),
                        Text{"What it checks passwords with is down (SASL, LDAP, database): its log names it.",
                             "其密码校验后端（SASL、LDAP、数据库）不可用，见邮件服务器日志。"});
        return fail(
            "auth_wrong", say("{}: the log-in is refused: {}", "{}：登录被拒绝：{}", where(), said),
            Text{"User name or password is wrong, or the account may not send: compare it with the application's "
                 "configuration. Some providers want a password for applications of its own.",
                 "用户名或密码错误，或该账号无发信权限：请与应用的配置核对。部分服务商要求使用专用的“授权码”。"});
    }

  public:
    Conversation(const Target& t, Answer& a) : t_{t}, answer_{a} {}
    void run(Told& told) {
        stream_ = connect(t_, answer_);
        bool direct = url_scheme(t_.service->url) == "smtps" || (t_.tls && t_.port == 465);
        Reply r;
        Offers offers;
        if (!stream_ || (direct && !secure(*stream_, t_.wish, answer_)) || !read(r)) return;
        if (r.code != 220) return static_cast<void>(turned_away(r));
        if (!greet(offers)) return;
        bool open_login = !direct && (offers.has("PLAIN") || offers.has("LOGIN"));
        told["smtp.session"].text =
            fmt::format("tls {}\nopen_login {}\n", direct || offers.starttls ? "yes" : "no", open_login ? "yes" : "no");
        bool must = t_.tls || !t_.user.empty();
        if (!direct && (must || offers.starttls) && (!start_tls(offers) || !greet(offers))) return;
        if (!t_.user.empty() && !log_in(offers)) return;
        std::string words{stream_->tls()
                              ? fmt::format("{}{}", direct ? "" : "STARTTLS, ", ::SSL_get_version(stream_->tls()))
                              : "no TLS"};
        if (!offers.mechanisms.empty()) words += fmt::format(", AUTH {}", fmt::join(offers.mechanisms, " "));
        if (!t_.user.empty()) words += ", logged in";
        answer_.seen(std::move(words));
        if (stream_->write("QUIT\r\n")) {} // a courtesy
    }
};

} // namespace

Told ask_smtp(const Target& t) {
    Answer answer;
    Told told;
    Conversation{t, answer}.run(told);
    return answer.told(*t.service, std::move(told));
}

} // namespace imops::probe
