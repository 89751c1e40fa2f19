#include "filestore/metadata.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/json_append.h"
#include "core/python_json.h"
#include "core/stored_metadata.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {

namespace {

constexpr std::size_t most_levels = 64;
constexpr std::size_t most_stored_levels = 4096;
constexpr std::size_t most_json_bytes = std::size_t{1} << 20;

/// Backends add members of their own to a file's metadata: the whole must still be readable.
constexpr std::size_t bytes_kept_for_backends = std::size_t{64} << 10;

constexpr std::array<std::string_view, 4> reserved_keys = {"file_id", "original_path", "size", "filestore"};

constexpr unsigned parse_flags =
    rj::kParseIterativeFlag | rj::kParseValidateEncodingFlag | rj::kParseNumbersAsStringsFlag;

using JsonReader = rj::GenericReader<rj::UTF8<>, rj::UTF8<>, JsonAllocator>;

Error invalid_metadata(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

/// A member of the outermost object: its key, and where its value lies in the compact text. A value.
struct MemberPlace {
    std::string key;
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Writes the events of a reader as compact JSON. An event that it answers with false ends the parsing.
/// A resource; one thread at a time.
class Compactor {
public:
    /// `size`: of the text that is read.
    Compactor(std::size_t most_depth, std::size_t size) : most_depth_(most_depth) {
        output_.text.reserve(size);
    }

    bool Null() { return ended(writer_.Null()); }
    bool Bool(bool value) { return ended(writer_.Bool(value)); }
    bool RawNumber(const char* digits, rj::SizeType size, bool) {
        return ended(writer_.RawValue(digits, size, rj::kNumberType));
    }
    bool String(const char* text, rj::SizeType size, bool) {
        return accept_text({text, size}) && ended(writer_.String(text, size));
    }
    bool Key(const char* text, rj::SizeType size, bool);
    bool StartObject() { return descend() && writer_.StartObject(); }
    bool EndObject(rj::SizeType) { return ascend() && ended(writer_.EndObject()); }
    bool StartArray() { return descend() && writer_.StartArray(); }
    bool EndArray(rj::SizeType) { return ascend() && ended(writer_.EndArray()); }

    // Numbers come as text, never as these.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    /// Why an event was answered with false.
    [[nodiscard]] std::string_view refusal() const { return refusal_; }
    [[nodiscard]] std::string take_text() && { return std::move(output_.text); }
    [[nodiscard]] std::string_view text() const { return output_.text; }
    [[nodiscard]] std::vector<MemberPlace>& members() { return members_; }

private:
    bool descend() {
        if (depth_ == most_depth_) {
            refusal_ = "it is nested too deep";
            return false;
        }
        ++depth_;
        return true;
    }

    bool ascend() {
        --depth_;
        return true;
    }

    /// The reader lets a lone low surrogate through, which no UTF-8 can hold.
    bool accept_text(std::string_view text) {
        if (!is_utf8(text)) {
            refusal_ = "an escape stands for half a surrogate pair";
            return false;
        }
        return true;
    }

    bool ended(bool written) {
        if (depth_ == 1 && !members_.empty()) {
            members_.back().end = output_.text.size();
        }
        return written;
    }

    const std::size_t most_depth_;
    std::size_t depth_ = 0;
    std::string_view refusal_;
    std::vector<MemberPlace> members_;
    JsonText output_;
    JsonTextWriter writer_{output_};
};

bool Compactor::Key(const char* text, rj::SizeType size, bool) {
    if (!accept_text({text, size}) || !writer_.Key(text, size)) {
        return false;
    }
    if (depth_ == 1) {
        const std::size_t colon = output_.text.size();
        members_.push_back({std::string(text, size), colon + 1, colon + 1});
    }
    return true;
}

Error parse_error(std::size_t offset, std::string_view reason) {
    return invalid_metadata("the metadata is not valid JSON at byte " + std::to_string(offset) + ": " +
                            std::string(reason));
}

Result<void> check_size(std::string_view json) {
    if (json.size() > most_json_bytes) {
        return invalid_metadata("the metadata takes " + std::to_string(json.size()) +
                                " bytes as JSON: at most " + std::to_string(most_json_bytes) + " are read");
    }
    return {};
}

/// Sends the text through the compactor. Failures: `invalid_argument`, with the byte offset.
Result<void> compact(std::string_view json, Compactor& compactor) {
    // To the reader a NUL is the end of the text, and what follows would be lost.
    if (const std::size_t nul = json.find('\0'); nul != std::string_view::npos) {
        return parse_error(nul, "a NUL byte is no part of JSON");
    }
    rj::MemoryStream stream(json.data(), json.size());
    JsonReader reader;
    const rj::ParseResult result = reader.Parse<parse_flags>(stream, compactor);
    if (!result.IsError()) {
        return {};
    }
    const std::string_view refusal = compactor.refusal();
    return parse_error(result.Offset(), refusal.empty() ? rj::GetParseError_En(result.Code()) : refusal);
}

Result<void> check_text(std::string_view what, std::string_view text) {
    if (text.size() > most_json_bytes) {
        return invalid_metadata("the metadata's " + std::string(what) + " has " +
                                std::to_string(text.size()) + " bytes: at most " +
                                std::to_string(most_json_bytes) + " are taken");
    }
    if (!is_utf8(text)) {
        return invalid_metadata("the metadata's " + std::string(what) + " " + quoted(text) +
                                " is not UTF-8: convert it first");
    }
    return {};
}

/// Takes the text out of a string's compact JSON.
struct TextTaker : rj::BaseReaderHandler<rj::UTF8<>, TextTaker> {
    bool String(const char* characters, rj::SizeType size, bool) {
        text.assign(characters, size);
        return true;
    }
    std::string text;
};

/// The members of an object, as Metadata keeps them.
Result<Metadata::Members> read_members(std::string_view json, std::size_t levels) {
    Compactor compactor(levels, json.size());
    FILESTORE_TRY(compact(json, compactor));
    const std::string_view text = compactor.text();
    if (!text.starts_with('{')) {
        return invalid_metadata("the metadata is no JSON object at byte " +
                                std::to_string(json.find_first_not_of(" \t\r\n")) +
                                ": write it as {\"key\": value}");
    }
    Metadata::Members members;
    for (MemberPlace& member : compactor.members()) {
        members.insert_or_assign(std::move(member.key), text.substr(member.begin, member.end - member.begin));
    }
    return members;
}

}  // namespace

Result<Metadata> Metadata::parse(std::string_view json) {
    FILESTORE_TRY(check_size(json));
    Metadata metadata;
    FILESTORE_TRY_ASSIGN(metadata.members_, read_members(json, most_levels));
    return metadata;
}

Result<Metadata> StoredMetadata::read(std::string_view json) {
    Metadata metadata;
    FILESTORE_TRY_ASSIGN(metadata.members_, read_members(from_python_json(json), most_stored_levels));
    return metadata;
}

Result<void> Metadata::set(std::string_view key, std::string_view text) {
    FILESTORE_TRY(check_text("key", key));
    FILESTORE_TRY(check_text("text", text));
    std::string json;
    append_json_string(json, text);
    members_.insert_or_assign(std::string(key), std::move(json));
    return {};
}

Result<void> Metadata::set_json(std::string_view key, std::string_view json) {
    FILESTORE_TRY(check_text("key", key));
    FILESTORE_TRY(check_size(json));
    // One level is the object that the value becomes part of.
    Compactor compactor(most_levels - 1, json.size());
    FILESTORE_TRY(compact(json, compactor));
    members_.insert_or_assign(std::string(key), std::move(compactor).take_text());
    return {};
}

bool Metadata::erase(std::string_view key) {
    const auto member = members_.find(key);
    if (member == members_.end()) {
        return false;
    }
    members_.erase(member);
    return true;
}

std::optional<std::string> Metadata::text(std::string_view key) const {
    const auto value = json(key);
    if (!value || !value->starts_with('"')) {
        return std::nullopt;
    }
    if (value->find('\\') == std::string_view::npos) {
        return std::string(value->substr(1, value->size() - 2));
    }
    rj::MemoryStream stream(value->data(), value->size());
    JsonReader reader;
    TextTaker taker;
    reader.Parse<parse_flags>(stream, taker);
    return std::move(taker.text);
}

std::optional<std::string_view> Metadata::json(std::string_view key) const {
    const auto member = members_.find(key);
    return member == members_.end() ? std::nullopt : std::optional<std::string_view>(member->second);
}

std::string Metadata::to_json() const {
    if (members_.empty()) {
        return "{}";
    }
    std::string json;
    for (const auto& [key, value] : members_) {
        append_json_member(json, key, value);
    }
    return json.append("}");
}

Result<void> check_user_metadata(const Metadata& metadata) {
    if (metadata.empty()) {
        return {};
    }
    for (const std::string_view key : reserved_keys) {
        if (metadata.json(key)) {
            return invalid_metadata("the metadata's key '" + std::string(key) +
                                    "' is the library's own: choose another name");
        }
    }
    const std::size_t size = metadata.to_json().size();
    if (constexpr std::size_t most = most_json_bytes - bytes_kept_for_backends; size > most) {
        return invalid_metadata("the metadata takes " + std::to_string(size) + " bytes as JSON: at most " +
                                std::to_string(most) + " can be stored with a file");
    }
    return {};
}

}  // namespace filestore
