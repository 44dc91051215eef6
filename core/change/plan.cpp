#include "core/change/plan.hpp"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <set>

namespace imops::change {

namespace {

std::string sha256(std::string_view text) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), sum, &size, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", sum[i]);
    return hex;
}

/// Fields with their lengths, so that no two lists of fields give one text.
void add(std::string& into, std::string_view field) { into += fmt::format("{}:{}\n", field.size(), field); }

std::string source(const Step& s) {
    std::string all;
    for (std::string_view field : {std::string_view{s.id}, std::string_view{s.title.en}}) add(all, field);
    add(all, s.subject());
    add(all, s.host ? s.host->address : "");
    add(all, std::to_string(s.order));
    add(all, s.effect == Effect::write ? "write" : "read");
    if (s.made_from.empty())
        for (auto* script : {&s.action, &s.undo, &s.check}) add(all, *script);
    else
        add(all, s.made_from);
    return all;
}

std::string line(const Step& s, Lang lang) {
    auto head = s.host ? fmt::format("{} ({}): {}", s.host->name, s.host->address, s.title.in(lang)) : s.title.in(lang);
    return s.no_return.empty() ? head : fmt::format("{} ({})", head, s.no_return.in(lang));
}

} // namespace

Plan::Plan(std::vector<Step> steps) : steps_{std::move(steps)} {
    std::ranges::stable_sort(steps_, {}, &Step::order);
    std::set<std::string_view> ids;
    for (auto& s : steps_) {
        if (!ids.insert(s.id).second)
            throw Failure{Error{Code::internal, say("two steps are called {}", "有两个步骤名为 {}", s.id), {}, {}}};
        if (s.effect == Effect::write && s.undo.empty() && s.no_return.empty())
            throw Failure{
                Error{Code::internal,
                      say("step {} has no way back, and does not say why", "步骤 {} 无法回退，也未说明原因", s.id),
                      {},
                      {}}};
    }
}

const Step* Plan::step(std::string_view id) const {
    auto at = std::ranges::find(steps_, id, &Step::id);
    return at == steps_.end() ? nullptr : &*at;
}

std::vector<std::span<const Step>> Plan::waves() const {
    std::vector<std::span<const Step>> all;
    for (std::size_t i = 0, first = 0; i < steps_.size(); ++i)
        if (i + 1 == steps_.size() || steps_[i + 1].order != steps_[i].order) {
            all.push_back(std::span{steps_}.subspan(first, i + 1 - first));
            first = i + 1;
        }
    return all;
}

std::string Plan::digest() const {
    std::string all;
    for (auto& s : steps_) add(all, source(s));
    return sha256(all);
}

std::vector<std::string> Plan::lines(Lang lang) const {
    std::vector<std::string> all;
    for (auto& s : steps_) all.push_back((s.no_return.empty() ? "+ " : "! ") + line(s, lang));
    return all;
}

nlohmann::json Plan::json() const {
    auto both = [](const Line& l) { return l.empty() ? nlohmann::json{} : nlohmann::json{{"en", l.en}, {"zh", l.zh}}; };
    auto steps = nlohmann::json::array();
    for (auto& s : steps_)
        steps.push_back({{"id", s.id},
                         {"host", s.subject()},
                         {"order", s.order},
                         {"effect", s.effect == Effect::write ? "write" : "read"},
                         {"title", both(s.title)},
                         {"limit", s.limit.count()},
                         {"undo", !s.undo.empty()},
                         {"no_return", both(s.no_return)}});
    return {{"digest", digest()}, {"steps", std::move(steps)}};
}

std::vector<std::string> differences(const Plan& before, const Plan& after, Lang lang) {
    std::vector<std::string> all;
    for (auto& s : before.steps())
        if (!after.step(s.id)) all.push_back("- " + line(s, lang));
    for (auto& s : after.steps()) {
        auto* was = before.step(s.id);
        if (!was)
            all.push_back("+ " + line(s, lang));
        else if (source(*was) != source(s))
            all.push_back("~ " + line(s, lang));
    }
    return all;
}

} // namespace imops::change
