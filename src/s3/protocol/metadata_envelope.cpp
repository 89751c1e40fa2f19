#include "s3/protocol/metadata_envelope.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/json.h"
#include "core/json_append.h"
#include "core/text.h"

namespace filestore::s3 {
namespace {

constexpr std::string_view original_path_member = "original_path";
constexpr std::string_view size_member = "size";
constexpr std::string_view metadata_member = "metadata";

std::optional<std::uint64_t> whole_number(std::string_view digits) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = error == std::errc() && end == digits.data() + digits.size();
    return whole ? std::optional(number) : std::nullopt;
}

/// Takes original_path and size out of a reader's events and writes metadata as JSON again. It does not build on Metadata because user
/// metadata may be as deep as Metadata allows, and the envelope is one level more. One thread at a time.
class EnvelopeReader {
public:
    bool Null() {
        return scalar([](JsonTextWriter& to) { return to.Null(); });
    }
    bool Bool(bool value) {
        return scalar([=](JsonTextWriter& to) { return to.Bool(value); });
    }
    bool RawNumber(const char* digits, rj::SizeType size, bool) {
        if (depth_ == 1 && member_ == Member::size) {
            size_ = whole_number({digits, size});
            return size_.has_value();
        }
        return scalar([=](JsonTextWriter& to) { return to.RawValue(digits, size, rj::kNumberType); });
    }
    bool String(const char* text, rj::SizeType size, bool) {
        if (depth_ == 1 && member_ == Member::original_path) {
            original_path_.assign(text, size);
            return is_utf8(original_path_);
        }
        return scalar([=](JsonTextWriter& to) { return to.String(text, size); });
    }
    bool Key(const char* text, rj::SizeType size, bool) {
        if (depth_ == 1) {
            enter_member({text, size});
            return true;
        }
        return pass_on([=](JsonTextWriter& to) { return to.Key(text, size); });
    }
    bool StartObject() {
        ++depth_;
        return depth_ == 1 || begin_value([](JsonTextWriter& to) { return to.StartObject(); });
    }
    bool EndObject(rj::SizeType) {
        --depth_;
        return depth_ == 0 || pass_on([](JsonTextWriter& to) { return to.EndObject(); });
    }
    bool StartArray() {
        ++depth_;
        return depth_ != 1 && begin_value([](JsonTextWriter& to) { return to.StartArray(); });
    }
    bool EndArray(rj::SizeType) {
        --depth_;
        return pass_on([](JsonTextWriter& to) { return to.EndArray(); });
    }

    // Numbers come as text, never as these.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    [[nodiscard]] std::string& original_path() { return original_path_; }
    [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }
    /// JSON; empty where the envelope has no metadata.
    [[nodiscard]] const std::string& metadata() const { return metadata_.text; }

private:
    enum class Member { unknown, original_path, size, metadata };

    void enter_member(std::string_view name) {
        member_ = name == original_path_member ? Member::original_path
                  : name == size_member        ? Member::size
                  : name == metadata_member    ? Member::metadata
                                               : Member::unknown;
        if (member_ == Member::metadata) {
            metadata_.text.clear();
            writer_.Reset(metadata_);
        }
    }

    template <class Write>
    bool pass_on(Write write_event) {
        return member_ != Member::metadata || write_event(writer_);
    }

    /// The path is text and the size a number, never anything else.
    template <class Write>
    bool begin_value(Write write_event) {
        return member_ != Member::original_path && member_ != Member::size && pass_on(write_event);
    }

    template <class Write>
    bool scalar(Write write_event) {
        return depth_ > 0 && begin_value(write_event);
    }

    std::size_t depth_ = 0;
    Member member_ = Member::unknown;
    std::string original_path_;
    std::optional<std::uint64_t> size_;
    JsonText metadata_;
    JsonTextWriter writer_{metadata_};
};

Error unreadable() {
    return {ErrorCode::corrupt, "the header x-amz-meta-filestore is damaged"};
}

}  // namespace

std::string to_envelope(const ObjectMetadata& object) {
    std::string json;
    if (!object.original_path.empty()) {
        append_json_text(json, original_path_member, object.original_path);
    }
    if (object.size) {
        append_json_member(json, size_member, std::to_string(*object.size));
    }
    if (!object.metadata.empty()) {
        append_json_member(json, metadata_member, object.metadata.to_json());
    }
    if (!json.empty()) {
        json += '}';
    }
    return json;
}

Result<ObjectMetadata> from_envelope(std::string_view json) {
    constexpr unsigned flags =
        rj::kParseIterativeFlag | rj::kParseValidateEncodingFlag | rj::kParseNumbersAsStringsFlag;
    EnvelopeReader envelope;
    rj::MemoryStream stream(json.data(), json.size());
    rj::GenericReader<rj::UTF8<>, rj::UTF8<>, JsonAllocator> reader;
    // To the reader a NUL is the end of the text.
    if (json.find('\0') != std::string_view::npos || reader.Parse<flags>(stream, envelope).IsError()) {
        return unreadable();
    }

    ObjectMetadata object;
    object.original_path = std::move(envelope.original_path());
    object.size = envelope.size();
    if (!envelope.metadata().empty()) {
        Result<Metadata> metadata = Metadata::parse(envelope.metadata());
        if (!metadata.ok()) {
            return unreadable();
        }
        object.metadata = std::move(metadata).value();
    }
    return object;
}

}  // namespace filestore::s3
