#pragma once

/// Files as the API of OpenAI tells of them: https://platform.openai.com/docs/api-reference/files. Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/backend.h"
#include "serve/message.h"

namespace filestore::tool::serve::openai {

/// What the metadata of a file keeps for this API, beside what it has of any file that a form brings. The times are RFC 3339.
inline constexpr std::string_view purpose_key = "openai_purpose";
inline constexpr std::string_view creation_key = "openai_created_at";
inline constexpr std::string_view expiry_key = "openai_expires_at";

/// Of files that came another way.
inline constexpr std::string_view usual_purpose = "user_data";

/// What is wrong with a request, and with what of it. A value.
struct Refused {
    std::string message;
    std::string param;
};
[[nodiscard]] Response bad_request(const Refused& refused);

/// "file-" and the ID of the file. `invalid_argument` for anything else.
[[nodiscard]] std::string name_of_file(const FileId& id);
[[nodiscard]] Result<FileId> parse_file_id(std::string_view name);
[[nodiscard]] Response no_such_file(std::string_view name);

/// What this API knows of a file beside its name and size. A value.
struct Attributes {
    std::string purpose{usual_purpose};
    Timestamp created_at{};
    std::optional<Timestamp> expires_at{};

    friend bool operator==(const Attributes&, const Attributes&) = default;
};

/// As they stand in a request; nothing where a field is not there.
struct AskedAttributes {
    std::optional<std::string> purpose{};
    std::optional<std::string> expiry_anchor{};
    std::optional<std::string> expiry_seconds{};
};
/// `into` is changed only where nothing is wrong.
[[nodiscard]] std::optional<Refused> read_attributes(const AskedAttributes& asked, Timestamp now,
                                                     Attributes& into);

void keep_attributes(Metadata& metadata, const Attributes& attributes);
[[nodiscard]] Attributes attributes_in(const Metadata& metadata, Timestamp stored_at);
/// The file has expired: here it is gone, although it may still have to be removed.
[[nodiscard]] bool is_over(const Metadata& metadata, Timestamp now);
/// That, or there is none.
[[nodiscard]] bool is_gone(const Result<FileInfo>& info, Timestamp now);

/// The JSON object `file`.
[[nodiscard]] std::string file_object(const FileId& id, std::string_view filename, std::uint64_t size,
                                      const Attributes& attributes);
[[nodiscard]] std::string file_object(const FileInfo& info);

/// Whole seconds since 1970.
[[nodiscard]] std::string unix_time(Timestamp time);

}  // namespace filestore::tool::serve::openai
