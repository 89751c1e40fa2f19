#include "export/protocol/json_answer.h"

#include <limits>
#include <utility>

#include "core/json.h"

namespace filestore::provider {

namespace {

template <class Map>
auto find_in(const Map& map, std::string_view name) -> const typename Map::mapped_type* {
    const auto found = map.find(name);
    return found == map.end() ? nullptr : &found->second;
}

/// Takes the events of a reader: false ends the parsing.
class AnswerReader {
public:
    bool Null() {
        return add([](JsonMembers&, const std::string&) {});
    }
    bool Bool(bool truth) {
        return add([&](JsonMembers& members, const std::string& key) { members.truths[key] = truth; });
    }
    bool Int(int number) { return Int64(number); }
    bool Uint(unsigned number) { return Int64(number); }
    bool Int64(std::int64_t number) {
        return add([&](JsonMembers& members, const std::string& key) { members.numbers[key] = number; });
    }
    /// Also of each number of 33 bits and more.
    bool Uint64(std::uint64_t number) {
        constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        return number <= most ? Int64(static_cast<std::int64_t>(number)) : Null();
    }
    bool Double(double) { return Null(); }
    bool RawNumber(const char*, rj::SizeType, bool) { return false; }
    bool String(const char* text, rj::SizeType size, bool) {
        return add(
            [&](JsonMembers& members, const std::string& key) { members.texts[key].assign(text, size); });
    }
    bool Key(const char* text, rj::SizeType size, bool) {
        if (!levels_.empty() && levels_.back().members != nullptr) {
            levels_.back().key.assign(text, size);
        }
        return true;
    }
    bool StartObject() {
        levels_.push_back({next_object(), nullptr, {}});
        return true;
    }
    bool EndObject(rj::SizeType) {
        levels_.pop_back();
        return true;
    }
    bool StartArray() {
        // The answer itself is an object.
        if (levels_.empty()) {
            return false;
        }
        levels_.push_back({nullptr, levels_.size() == 1 ? &answer.lists[levels_.back().key] : nullptr, {}});
        return true;
    }
    bool EndArray(rj::SizeType) {
        levels_.pop_back();
        return true;
    }

    JsonAnswer answer;

private:
    /// An object or array that is open. What is kept of it, if anything.
    struct Level {
        JsonMembers* members;
        std::vector<JsonMembers>* list;
        std::string key;
    };

    JsonMembers* next_object() {
        if (levels_.empty()) {
            return &answer.members;
        }
        if (levels_.size() == 1) {
            return &answer.objects[levels_.back().key];
        }
        return levels_.back().list != nullptr ? &levels_.back().list->emplace_back() : nullptr;
    }

    template <class Add>
    bool add(Add&& add) {
        if (levels_.empty()) {
            return false;
        }
        if (levels_.back().members != nullptr) {
            std::forward<Add>(add)(*levels_.back().members, levels_.back().key);
        }
        return true;
    }

    std::vector<Level> levels_;
};

}  // namespace

std::string JsonMembers::text(std::string_view name) const {
    const std::string* const found = find_in(texts, name);
    return found == nullptr ? std::string() : *found;
}

std::optional<std::int64_t> JsonMembers::number(std::string_view name) const {
    const std::int64_t* const found = find_in(numbers, name);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

bool JsonMembers::is_true(std::string_view name) const {
    const bool* const found = find_in(truths, name);
    return found != nullptr && *found;
}

const JsonMembers* JsonAnswer::object(std::string_view name) const {
    return find_in(objects, name);
}

const std::vector<JsonMembers>* JsonAnswer::list(std::string_view name) const {
    return find_in(lists, name);
}

/// Iterative: deep nesting uses no stack.
std::optional<JsonAnswer> parse_answer(std::string_view json) {
    rj::MemoryStream stream(json.data(), json.size());
    rj::GenericReader<rj::UTF8<>, rj::UTF8<>, JsonAllocator> reader;
    AnswerReader answer;
    constexpr unsigned flags = rj::kParseIterativeFlag | rj::kParseValidateEncodingFlag;
    if (reader.Parse<flags>(stream, answer).IsError()) {
        return std::nullopt;
    }
    return std::move(answer.answer);
}

}  // namespace filestore::provider
