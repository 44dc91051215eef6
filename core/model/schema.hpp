#pragma once
#include "core/model/reader.hpp"
#include <nlohmann/json.hpp>
#include <type_traits>

namespace imops {

/// The same declarations as Reader, seen as a JSON Schema (draft 2020-12): editors complete imops.yaml with it.
class Schema {
    nlohmann::ordered_json object_{{"type", "object"}, {"additionalProperties", false}};
    Lang lang_;

    template <class T> nlohmann::ordered_json of(T& v) {
        using json = nlohmann::ordered_json;
        if constexpr (std::is_same_v<T, std::string>)
            return json{{"type", "string"}};
        else if constexpr (std::is_same_v<T, bool>)
            return json{{"type", "boolean"}};
        else if constexpr (std::is_same_v<T, int>)
            return json{{"type", "integer"}};
        else if constexpr (std::is_same_v<T, double>)
            return json{{"type", "number"}};
        else if constexpr (std::is_same_v<T, Bytes>)
            return json{{"type", "string"}, {"pattern", "^[0-9.]+ ?([KMGT]i?)?B$"}, {"examples", {"8 GiB", "500 MB"}}};
        else if constexpr (std::is_same_v<T, Duration>)
            return json{{"type", "string"}, {"examples", {"30 s", "90 days"}}};
        else if constexpr (std::is_same_v<T, Share>)
            return json{{"type", json::array({"string", "number"})}, {"examples", {"85 %"}}};
        else if constexpr (std::is_same_v<T, Date>)
            return json{{"type", "string"}, {"format", "date"}};
        else if constexpr (std::is_same_v<T, Any>)
            return json::object();
        else if constexpr (std::is_same_v<T, Line>)
            return json{{"type", "object"}, {"required", {"en", "zh"}}};
        else if constexpr (std::is_enum_v<T>) {
            json words = json::array();
            for (auto& [word, value] : Words<T>::of) words.push_back(word);
            return json{{"enum", words}};
        } else if constexpr (Described<T>) {
            Schema inner{lang_};
            describe(inner, v);
            return inner.object_;
        } else
            return container(v);
    }
    template <class T> nlohmann::ordered_json container(std::optional<T>&) {
        T x{};
        return of(x);
    }
    template <class T> nlohmann::ordered_json container(Placed<T>& p) { return of(p.value); }
    template <class T> nlohmann::ordered_json container(std::vector<T>&) {
        T x{};
        return {{"type", "array"}, {"items", of(x)}};
    }
    template <class T> nlohmann::ordered_json container(std::vector<std::pair<std::string, T>>&) {
        T x{};
        return {{"type", "object"}, {"additionalProperties", of(x)}};
    }
    template <class T> nlohmann::ordered_json container(std::map<std::string, T>&) {
        T x{};
        return {{"type", "object"}, {"additionalProperties", of(x)}};
    }

  public:
    explicit Schema(Lang lang) : lang_{lang} {}
    template <class T> bool may(const char* key, T& v, Text doc, const Rule<T>& = {}) {
        auto s = of(v);
        s["description"] = std::string{doc.in(lang_)};
        object_["properties"][key] = std::move(s);
        return false;
    }
    template <class T> void need(const char* key, T& v, Text doc, const Rule<T>& check = {}) {
        object_["required"].push_back(key);
        may(key, v, doc, check);
    }
    template <Described T> static nlohmann::ordered_json document(Lang lang) {
        T v{};
        Schema s{lang};
        describe(s, v);
        nlohmann::ordered_json j{{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
        j.update(s.object_);
        return j;
    }
};

} // namespace imops
