#include "core/base/string.hpp"
#include "core/probe/smtp.hpp"
#include "tests/unit/probe_peer.hpp"
#include <mutex>

using namespace imops;
using namespace imops::testing_help;

namespace {

/// A mail server with this greeting and this answer to EHLO, and what it heard.
struct Mail {
    std::mutex mutex;
    std::string heard;
    Peer peer;
    Mail(std::string greeting, std::string offers)
        : peer{Peer::tcp([this, greeting, offers](int fd) {
              tell(fd, greeting);
              for (std::string line; !(line = hear(fd, "\n")).empty();) {
                  {
                      std::lock_guard lock{mutex};
                      heard += line;
                  }
                  if (line.starts_with("EHLO"))
                      tell(fd, offers);
                  else if (line.starts_with("QUIT"))
                      return tell(fd, "221 bye\r\n");
                  else
                      tell(fd, "502 not here\r\n");
              }
          })} {}
    Told asked(std::string user = "", const Secret* password = nullptr,
               std::chrono::milliseconds limit = std::chrono::seconds{10}) {
        Asked a{"smtp://mail.example.com", peer.port(), limit};
        a.target.user = std::move(user);
        a.target.password = password;
        return ask_smtp(a.target);
    }
};

} // namespace

TEST(Base64, is_that_of_the_standard) {
    std::pair<std::string_view, std::string_view> table[]{
        {"", ""},        {"f", "Zg=="},          {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe", "//4="}}; // RFC 4648, 10
    for (auto& [bytes, text] : table) EXPECT_EQ(base64(bytes), text);
}

TEST(Smtp, without_a_user_nothing_is_sent_but_a_greeting) {
    Mail m{"220-mail.example.com\r\n220 ESMTP\r\n", "250-mail.example.com\r\n250-SIZE 100\r\n250 8BITMIME\r\n"};
    auto told = m.asked();
    EXPECT_EQ(code_of(told), "ok");
    EXPECT_EQ(line_of(told, "smtp.session", "tls"), "no");
    EXPECT_EQ(line_of(told, "smtp.session", "open_login"), "no");
    EXPECT_EQ(line_of(told, "endpoint.answer", "seen"), "no TLS");
}

TEST(Smtp, no_password_goes_over_a_connection_without_tls) {
    Secret secret{"s3cret", "test"};
    Mail m{"220 ESMTP\r\n", "250-hello\r\n250 AUTH PLAIN LOGIN\r\n"};
    auto told = m.asked("im", &secret);
    EXPECT_EQ(code_of(told), "no_starttls");
    EXPECT_EQ(line_of(told, "smtp.session", "open_login"), "yes");
    std::lock_guard lock{m.mutex};
    EXPECT_EQ(m.heard.find("AUTH"), std::string::npos) << m.heard;
}

TEST(Smtp, each_refusal_has_its_own_code) {
    EXPECT_EQ(code_of(Mail("554 5.7.1 blocked using list.example.org\r\n", "").asked()), "turned_away");
    EXPECT_EQ(code_of(Mail("421 4.3.2 too many connections\r\n", "").asked()), "busy");
    EXPECT_EQ(code_of(Mail("220 hello\r\n", "550 5.7.1 not from there\r\n").asked()), "turned_away");
    EXPECT_EQ(code_of(Mail("220 hello\r\n", "450 4.7.1 greylisted\r\n").asked()), "busy");
    auto ssh = Mail("SSH-2.0-OpenSSH_9.2\r\n", "").asked();
    EXPECT_EQ(code_of(ssh), "not_smtp");
    EXPECT_NE(line_of(ssh, "endpoint.answer", "zh").find("应答的是SSH 服务，不是邮件服务"), std::string::npos)
        << line_of(ssh, "endpoint.answer", "zh");
    EXPECT_EQ(code_of(Mail(std::string(70000, '2'), "").asked()), "not_smtp");
    EXPECT_EQ(code_of(Mail("220-hel", "").asked("", nullptr, std::chrono::milliseconds{400})), "timed_out");
}
