#pragma once
#include "core/client/cause.hpp"
#include "core/client/target.hpp"
#include "core/client/xml.hpp"

namespace imops::client {

/// One account logged in to an XMPP server, without presence: nobody sees it come. Source: RFC 6120.
class XmppSession {
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<XmlStream> xml_;
    std::deque<Element> early_; // stanzas that came while an answer was awaited
    std::string domain_, user_, jid_;
    std::string first_; // bytes of the first answer: who is it, if it is not XMPP

    Line account() const; // "alice@im.example.org at 10.0.0.5:5222"
    Step write(std::string_view);
    Step read(Element&, XmlStream::Got wanted);
    Step begin(Element& features);
    Step encrypt(const TlsWish&, Element& features);
    Step authenticate(const Element& features, const Secret& password);
    Step exchange(std::string_view mechanism, const Secret& password);
    Step bind(const Element& features);
    Cause stream_error(const Element&) const;
    Cause not_xmpp() const;

  public:
    XmppSession(std::unique_ptr<Stream> s, std::string domain, std::string user)
        : stream_{std::move(s)}, domain_{std::move(domain)}, user_{std::move(user)} {}
    /// TLS with a trusted certificate, then the password; by SCRAM, or as it is where the server knows nothing else.
    /// `direct`: TLS from the first byte on.
    Step log_in(const TlsWish&, bool direct, const Secret& password);
    Step send(std::string_view stanza) { return write(stanza); }
    /// Bytes that were read from `stream()` outside; empty: it has closed.
    Step feed(std::string_view bytes);
    /// A stanza that has come already; false: none, or `wrong` says why there will be no more.
    bool next(Element&, Step& wrong);
    /// Sends an iq with that id and waits for its answer.
    Step ask(std::string_view iq, std::string_view id, Element& answer);
    void close();
    Stream& stream() { return *stream_; }
    std::string bare() const { return user_ + "@" + domain_; }
    const std::string& jid() const { return jid_; }
};

/// Why an account is not let in, from <failure/> of SASL.
Cause login_refused(const Element& failure, const Line& account);
/// The condition of an <error/> or a <failure/>, and its text: "service-unavailable: blocked".
std::string condition(const Element& error);

} // namespace imops::client
