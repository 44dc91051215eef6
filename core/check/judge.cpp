#include "core/base/string.hpp"
#include "core/check/check.hpp"

namespace imops {

using nlohmann::json;

namespace {

/// One attempt at one check (or one of its rows).
class Judgement {
    const Check& c_;
    Sight& s_;
    Finding f_;

    /// The fact that a dotted name belongs to, and why it has no value.
    const std::pair<const std::string, Unread>* unread(std::string_view dotted) const {
        if (dotted.starts_with("fleet.")) dotted.remove_prefix(6);
        for (std::string_view at = dotted;;) {
            if (auto it = s_.unread.find(at); it != s_.unread.end()) return &*it;
            auto dot = at.rfind('.');
            if (dot == at.npos) return nullptr;
            at = at.substr(0, dot);
        }
    }

    bool end(Level l, Line text) {
        f_.level = l;
        f_.text = std::move(text);
        return false;
    }

    /// No value: does it not apply here, or could it not be found out?
    bool without(const NoValue& n) {
        if (n.missing.empty()) return end(Level::unknown, n.what);
        if (auto* u = unread(n.missing)) {
            if (u->second.absent) return end(Level::skip, c_.absent.empty() ? u->second.why : c_.absent);
            return end(Level::unknown, say("could not read {}: {}", "无法读取 {}：{}", u->first, u->second.why));
        }
        if (n.missing.starts_with("need.database."))
            return end(Level::skip, Text{"not demanded by this product", "该产品没有此要求"});
        if (n.missing.starts_with("need."))
            return end(Level::skip, say("no figure is known for {}", "没有 {} 的参考值", n.missing));
        if (!c_.absent.empty()) return end(Level::skip, c_.absent);
        return end(Level::unknown, say("{} was not reported", "未报告 {}", n.missing));
    }

    bool evaluate(const Expression& e, json& into) {
        if (!e) return true;
        auto v = e.value(s_.data);
        if (auto* n = std::get_if<NoValue>(&v)) return without(*n);
        into = std::move(std::get<json>(v));
        return true;
    }

    bool holds(const Expression& e, bool& into) {
        json v = false;
        if (!evaluate(e, v)) return false;
        into = v.is_boolean() && v.get<bool>();
        return true;
    }

    Line spoken(const Says& says) const {
        Line l;
        auto one = [&](const Expression& e, std::string& into) {
            if (!e) return;
            auto t = e.text(s_.data);
            if (auto* n = std::get_if<NoValue>(&t))
                into = "(" + n->what.en + ")";
            else
                into = plain(trim(std::get<std::string>(t)));
        };
        one(says.en, l.en);
        one(says.zh, l.zh);
        return l;
    }

    bool steps() {
        json value, limit, warn_limit;
        bool skip = false, fail = false, warn = false;
        // "does not apply" comes first: the value of what does not apply may not even exist
        bool early = c_.skip && !c_.skip.reads().contains("value");
        if (early && !holds(c_.skip, skip)) return false;
        if (skip) return end(Level::skip, s_.brief ? Line{} : spoken(c_.skip_says));
        if (!evaluate(c_.value, value)) return false;
        s_.data["value"] = value;
        f_.value = {c_.value ? c_.value.kind() : Kind::any, value};
        if (!early && !holds(c_.skip, skip)) return false;
        if (skip) return end(Level::skip, s_.brief ? Line{} : spoken(c_.skip_says));
        if (!evaluate(c_.limit, limit) || !evaluate(c_.warn_limit, warn_limit)) return false;
        if (!c_.warn_limit) warn_limit = limit;
        s_.data["limit"] = limit;
        if (!holds(c_.fail, fail)) return false;
        if (!fail) {
            s_.data["limit"] = warn_limit;
            if (!holds(c_.warn, warn)) return false;
        }
        f_.level = fail ? (c_.only_warn ? Level::warn : Level::fail) : warn ? Level::warn : Level::ok;
        auto& shown = fail ? limit : warn_limit;
        f_.limit = {c_.limit ? c_.limit.kind() : Kind::any, shown};
        s_.data["level"] = std::string{name(f_.level)};
        if (f_.level != Level::ok || !s_.brief) f_.text = spoken(c_.says);
        if (fail || warn) f_.remedy = spoken(c_.remedy);
        return true;
    }

  public:
    Judgement(const Check& c, Sight& s, const std::string& host) : c_{c}, s_{s} {
        f_.id = c.id;
        f_.subject = host;
        f_.title = c.title;
    }

    Finding one() {
        steps();
        if (f_.value.data.is_number())
            f_.metrics.push_back({c_.id, f_.value.data.get<double>(),
                                  f_.value.kind == Kind::bytes                                ? "B"
                                  : is_number(f_.value.kind) && f_.value.kind != Kind::number ? "s"
                                                                                              : ""});
        return std::move(f_);
    }

    std::optional<Finding> rows(json& into) {
        if (!evaluate(c_.each, into)) return std::move(f_);
        if (!into.empty()) return {};
        end(c_.none, Text{"there is nothing of the kind here", "此处没有这类对象"});
        return std::move(f_);
    }

    Finding row(json r, std::size_t number) {
        s_.data["row"] = std::move(r);
        json label;
        if (!evaluate(c_.label, label)) return std::move(f_);
        f_.item = label.is_null() ? std::to_string(number) : Value{Kind::any, label}.show();
        return one();
    }
};

} // namespace

std::vector<Finding> judge(const Check& c, Sight& s, const std::string& host) {
    std::vector<Finding> found;
    for (auto name : {"value", "limit", "row", "level"}) s.data.erase(name);
    if (!c.off.empty()) {
        Finding f{.id = c.id,
                  .subject = host,
                  .item = {},
                  .level = Level::skip,
                  .title = c.title,
                  .text = say("switched off: {}", "已关闭：{}", one_line(c.off)),
                  .remedy = {},
                  .value = {},
                  .limit = {},
                  .metrics = {}};
        found.push_back(std::move(f));
    } else if (!c.each) {
        found.push_back(Judgement{c, s, host}.one());
    } else {
        json all;
        if (auto f = Judgement{c, s, host}.rows(all)) {
            found.push_back(std::move(*f));
            return found;
        }
        std::size_t number = 0;
        for (auto& r : all) found.push_back(Judgement{c, s, host}.row(r, ++number));
    }
    return found;
}

} // namespace imops
