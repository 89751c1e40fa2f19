#include "s3/credentials/key_json.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/credentials/keys.h"

namespace filestore::s3 {
namespace {

Error corrupt(const char* message) {
    return {ErrorCode::corrupt, message};
}

/// Gathers the texts of the outermost object, as views into the parsed buffer, and its Version. Answers events of a reader: false ends
/// the parsing.
class Members {
public:
    bool Null() { return in_object(); }
    bool Bool(bool) { return in_object(); }
    bool Int(int number) { return Int64(number); }
    bool Uint(unsigned number) { return Int64(number); }
    bool Int64(std::int64_t number) {
        if (depth_ == 1 && key_ == "Version") {
            version_ = number;
        }
        return in_object();
    }
    bool Uint64(std::uint64_t) { return in_object(); }
    bool Double(double) { return in_object(); }
    bool RawNumber(const char*, rj::SizeType, bool) { return false; }
    bool String(const char* text, rj::SizeType size, bool) {
        if (depth_ == 1) {
            texts_[key_] = std::string_view(text, size);
        }
        return in_object();
    }
    bool Key(const char* text, rj::SizeType size, bool) {
        if (depth_ == 1) {
            key_ = std::string_view(text, size);
        }
        return true;
    }
    bool StartObject() {
        ++depth_;
        return true;
    }
    bool EndObject(rj::SizeType) {
        --depth_;
        return true;
    }
    /// As an object: what lies in it is of no interest, and an array cannot be the outermost value.
    bool StartArray() { return in_object() && StartObject(); }
    bool EndArray(rj::SizeType size) { return EndObject(size); }

    [[nodiscard]] std::string_view text(std::string_view name) const {
        const auto found = texts_.find(name);
        return found == texts_.end() ? std::string_view() : found->second;
    }
    [[nodiscard]] std::optional<std::int64_t> version() const { return version_; }

private:
    [[nodiscard]] bool in_object() const { return depth_ > 0; }

    std::size_t depth_ = 0;
    std::string_view key_;
    std::map<std::string_view, std::string_view> texts_;
    std::optional<std::int64_t> version_;
};

/// Works in `json` itself: no copy of a secret is left in memory of the parser.
bool read_members(SecretString& json, Members& members) {
    constexpr unsigned flags =
        rj::kParseInsituFlag | rj::kParseIterativeFlag | rj::kParseValidateEncodingFlag;
    if (std::string_view(json).find('\0') != std::string_view::npos) {
        return false;
    }
    rj::InsituStringStream stream(json.data());
    rj::GenericReader<rj::UTF8<>, rj::UTF8<>, JsonAllocator> reader;
    return !reader.Parse<flags>(stream, members).IsError();
}

Result<ResolvedCredentials> keys_of(const Members& members, std::string_view token_name) {
    Credentials keys{std::string(members.text("AccessKeyId")), members.text("SecretAccessKey"),
                     members.text(token_name)};
    if (keys.access_key.empty() || keys.secret_key.empty()) {
        return corrupt("the answer has no AccessKeyId or no SecretAccessKey");
    }
    FILESTORE_TRY_ASSIGN(keys, checked_keys(std::move(keys), "answer"));
    const std::string_view expiration = members.text("Expiration");
    if (expiration.empty()) {
        return ResolvedCredentials{std::move(keys), std::nullopt};
    }
    const auto expires_at = parse_timestamp(expiration);
    if (!expires_at.ok()) {
        return corrupt("the answer's Expiration is no time");
    }
    return ResolvedCredentials{std::move(keys), *expires_at};
}

}  // namespace

Result<ResolvedCredentials> parse_metadata_keys(SecretString json) {
    Members members;
    if (!read_members(json, members)) {
        return corrupt("the answer is no JSON object");
    }
    const std::string_view code = members.text("Code");
    if (!code.empty() && code != "Success") {
        return Error(ErrorCode::unauthenticated, "the answer says " + quoted(code));
    }
    return keys_of(members, "Token");
}

Result<ResolvedCredentials> parse_process_keys(SecretString json) {
    Members members;
    if (!read_members(json, members)) {
        return corrupt("the output is no JSON object");
    }
    if (members.version() != 1) {
        return corrupt("the output does not say \"Version\": 1");
    }
    return keys_of(members, "SessionToken");
}

}  // namespace filestore::s3
