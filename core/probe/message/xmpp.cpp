#include "core/probe/message/xmpp.hpp"
#include "core/base/string.hpp"
#include "core/client/scram.hpp"
#include <algorithm>

namespace imops::probe {

namespace {

/// Both sessions, and the message between them.
class XmppPassage {
    const Target& target_;
    Passage passage_;
    Clock::time_point until_ = Passage::without_cleanup(target_.deadline);
    std::unique_ptr<XmppSession> from_, to_;
    std::string id_ = random_word(8), body_ = message_text(id_);

    std::unique_ptr<XmppSession> opened(const std::string& user, const Secret& password) {
        auto& domain = target_.wish.name;
        auto stream = Stream::dial(target_.origin, target_.address, target_.port, until_);
        if (!stream) {
            passage_.fail(stream.error());
            return nullptr;
        }
        auto session = std::make_unique<XmppSession>(*std::move(stream), domain, user.substr(0, user.find('@')));
        if (auto wrong = session->log_in(target_.wish, target_.tls, password)) {
            passage_.fail(std::move(*wrong));
            return nullptr;
        }
        return session;
    }

    Cause bounced(const Element& stanza) const {
        auto* error = stanza.child("error");
        return {
            "bounced",
            say("{}: the server gives the message from {} to {} back: {}", "{}：服务器退回了 {} 发给 {} 的消息：{}",
                from_->stream().where(), from_->bare(), to_->bare(), error ? condition(*error) : std::string{"?"}),
            Text{
                "Does the receiver block the sender (block list, privacy list), or does a module (mod_block_strangers, "
                "mod_firewall) or an access rule stop it? The probe's two accounts may be made contacts of each other.",
                "接收账号是否屏蔽了发送账号（黑名单、隐私列表）？是否被模块（mod_block_strangers、mod_"
                "firewall）或访问规则拦截？可以让两个探测账号互加联系人。"}};
    }

    /// A server may drop silently what the receiver blocks (XEP-0191): its list is looked at before another cause is
    /// named.
    Cause unless_blocked(Cause otherwise) {
        to_->stream().end_at(target_.deadline);
        Element answer;
        if (to_->ask("<iq type='get' id='blocked'><blocklist xmlns='urn:xmpp:blocking'/></iq>", "blocked", answer))
            return otherwise;
        auto* list = answer.child("blocklist");
        auto of_sender = [&](auto& item) {
            return item.attribute("jid") == from_->bare() || item.attribute("jid") == target_.wish.name;
        };
        if (!list || std::ranges::none_of(list->children, of_sender)) return otherwise;
        return {
            "blocked", say("{}: {} blocks {}", "{}：{} 屏蔽了 {}", to_->stream().where(), to_->bare(), from_->bare()),
            Text{"Take the sender off the receiver's block list, with any client that is logged in as the receiver.",
                 "请用任意客户端登录接收账号，把发送账号移出黑名单。"}};
    }

    /// Until the server has taken the message and the other session has it. In a session stanzas are worked off in
    /// their order, so the answer to what was asked after the message tells that the message was taken.
    void deliver() {
        auto ask = fmt::format("<iq type='get' id='{}-taken'><ping xmlns='urn:xmpp:ping'/></iq>", id_);
        passage_.sending();
        if (auto wrong = from_->send(xmpp_message(to_->jid(), id_, body_) + ask))
            return passage_.fail(std::move(*wrong));
        bool taken = false, delivered = false;
        for (;;) {
            Element e;
            Step wrong;
            while (from_->next(e, wrong)) {
                if (sign_of(e, id_, body_) == Sign::bounced) return passage_.fail(unless_blocked(bounced(e)));
                if (e.name != "iq" || e.attribute("id") != id_ + "-taken" || taken) continue;
                taken = true;
                passage_.took("accepted");
            }
            while (!wrong && !delivered && to_->next(e, wrong)) delivered = sign_of(e, id_, body_) == Sign::delivered;
            if (wrong) return passage_.fail(std::move(*wrong));
            if (taken && delivered) return passage_.took("delivered");
            auto got = Stream::read_either(from_->stream(), to_->stream());
            if (!got && got.error().code != Code::timed_out) return passage_.fail(got.error());
            if (!got)
                return passage_.fail(
                    taken ? unless_blocked(message_lost(from_->stream().where(), from_->bare(), to_->bare()))
                          : not_accepted(from_->stream().where()));
            auto& session = got->first == &from_->stream() ? *from_ : *to_;
            if (auto closed = session.feed(got->second)) return passage_.fail(std::move(*closed));
        }
    }

    /// Whether this account's archive holds the message; an archive that is not there holds nothing.
    void look_through_archive(XmppSession& s, const XmppSession& other) {
        auto iq = fmt::format("<iq type='set' id='archive'><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' "
                              "type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>"
                              "<field var='with'><value>{}</value></field></x><set "
                              "xmlns='http://jabber.org/protocol/rsm'><max>5</max><before/></set></query></iq>",
                              xml_escaped(other.bare()));
        Element answer;
        if (s.ask(iq, "archive", answer)) return;
        Step over;
        bool kept = false;
        while (s.next(answer, over)) kept = archived(answer, body_) || kept;
        if (!kept) return;
        passage_.leaves(
            {"archive",
             say("the archive of {} keeps the message, although it asks not to be kept",
                 "{} 的消息归档保留了该消息，尽管消息已要求不保存", s.bare()),
             Text{"XMPP has no way to take it back. It is one line of text that says what it is; let the server honour "
                  "the hint no-store (XEP-0334), or end the archive of the probe's accounts now and then.",
                  "XMPP 没有撤回的办法。留下的是一行说明自身用途的文本；请让服务器遵守 no-store "
                  "提示（XEP-0334），或定期清理探测账号的归档。"}});
    }

  public:
    explicit XmppPassage(const Target& t) : target_{t} {}

    Told run() {
        auto& s = *target_.service;
        auto to_password = s.to->password.read();
        if (!to_password)
            passage_.fail(to_password.error());
        else if ((from_ = opened(s.user, *target_.password)))
            to_ = opened(s.to->user, *to_password);
        if (passage_.ok()) {
            passage_.took("login");
            deliver();
        }
        for (auto* session : {from_.get(), to_.get()})
            if (session) session->stream().end_at(target_.deadline);
        if (passage_.sent() && from_ && to_) {
            look_through_archive(*from_, *to_);
            look_through_archive(*to_, *from_);
        }
        for (auto* session : {from_.get(), to_.get()})
            if (session) session->close();
        if (passage_.ok()) passage_.took("cleanup");
        return passage_.told(s);
    }
};

} // namespace

std::string xmpp_message(std::string_view to, std::string_view id, std::string_view body) {
    return fmt::format("<message type='chat' to='{}' id='{}'><body>{}</body><no-store "
                       "xmlns='urn:xmpp:hints'/><no-permanent-store xmlns='urn:xmpp:hints'/>"
                       "<no-copy xmlns='urn:xmpp:hints'/><private xmlns='urn:xmpp:carbons:2'/></message>",
                       xml_escaped(to), id, xml_escaped(body));
}

Sign sign_of(const Element& e, std::string_view id, std::string_view body) {
    if (e.name != "message") return Sign::nothing;
    if (e.attribute("type") == "error") return e.attribute("id") == id ? Sign::bounced : Sign::nothing;
    auto* text = e.child("body");
    return text && text->text == body ? Sign::delivered : Sign::nothing;
}

bool archived(const Element& e, std::string_view body) {
    if (e.name == "body" && e.text == body) return true;
    return std::ranges::any_of(e.children, [&](auto& c) { return archived(c, body); });
}

Told message_by_xmpp(const Target& t) { return XmppPassage{t}.run(); }

} // namespace imops::probe
