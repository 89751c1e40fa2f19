#pragma once

/// What is known of the providers that files are sent to: data, and checks by it. Pure.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "filestore/file_id.h"
#include "filestore/result.h"

namespace filestore::provider {

/// A value.
struct FixedHeader {
    std::string_view name;
    std::string_view value;
};

/// How the bytes of a file travel.
enum class UploadStyle {
    /// multipart/form-data, in one request.
    form,
    /// A session is begun, and gone on with where it was cut.
    resumable,
};

/// How a form says when the file is to expire.
enum class ExpiryField {
    none,
    /// `expires_after[anchor]` and `expires_after[seconds]`.
    anchor_and_seconds,
    /// `expires_in_seconds`.
    seconds,
};

/// How an answer writes a time.
enum class TimeFormat { unix_seconds, rfc3339 };

/// What a provider says of a file that it has removed.
enum class RemovalAnswer {
    /// `deleted` is true, and `id` the file's; or 204, and nothing.
    deleted_and_id,
    /// `type` is `file_deleted`, and `id` the file's.
    type_and_id,
    /// 200, and an empty object or nothing.
    nothing,
};

/// Lifetimes that may be asked for. A value.
struct LifetimeRange {
    std::chrono::seconds shortest;
    std::chrono::seconds longest;
};

/// What a provider takes for one of its purposes. A value.
struct PurposeRule {
    /// Empty: for all.
    std::string_view purpose;
    /// Bytes; 0 is no limit of its own.
    std::uint64_t most_size = 0;
    /// The content types that are taken; all where there is none.
    std::span<const std::string_view> types{};
    /// Those that are not.
    std::span<const std::string_view> refused_types{};
    /// With which a name has to end, in lower case; any where there is none.
    std::span<const std::string_view> extensions{};
};

/// How large files are sent in parts. A value.
struct PartRule {
    /// Bytes.
    std::uint64_t largest_part;
    std::uint64_t most_size;
};

/// Members of the JSON that a provider answers. A value.
struct AnswerMembers {
    std::string_view id;
    std::string_view name;
    /// A number of bytes, or the text of one.
    std::string_view size;
    std::string_view expires_at;
    TimeFormat time_format;
    /// The list's array.
    std::string_view files;
    std::string_view created_at;
};

/// A member of an answer that is the next page's token, and the parameter that takes it. A value.
struct TokenPaging {
    std::string_view member;
    std::string_view parameter;
};

/// How a list is asked for page by page: the first way that an answer shows. A value.
struct ListPaging {
    /// The query of every page at the profile's own base URL.
    std::string_view query;
    /// At those of others: what every service takes.
    std::string_view query_of_others{};
    std::span<const TokenPaging> tokens{};
    /// Where it says `has_more`, the parameter that takes the last file's ID; empty where there is none.
    std::string_view after_parameter{};
    /// Where it tells how many files there are, and the parameter that takes the number of a page, from 0 on; empty where there is none.
    std::string_view total_member{};
    std::string_view number_parameter{};
};

/// A provider. A value; of static data.
struct Profile {
    std::string_view name;
    /// Without a slash at its end.
    std::string_view base_url;
    /// The environment variables that hold the key, the first that is set counts.
    std::array<std::string_view, 2> key_variables;
    std::string_view key_header;
    /// Before the key, in that header.
    std::string_view key_prefix;
    std::span<const FixedHeader> headers;
    UploadStyle style;
    /// Below the base URL.
    std::string_view upload_path;
    std::string_view files_path;
    /// Empty where the provider knows no purposes.
    std::string_view default_purpose;
    /// Bytes that go in one upload.
    std::uint64_t most_size;
    std::optional<PartRule> parts;
    std::span<const PurposeRule> rules;
    ExpiryField expiry_field;
    /// Nothing where the provider alone decides.
    std::optional<LifetimeRange> lifetimes;
    AnswerMembers members;
    ListPaging paging;
    RemovalAnswer removal;
    /// The codes in the API's error for a file that is not there; any where there is none.
    std::span<const std::string_view> missing_codes;
};

[[nodiscard]] std::span<const Profile> profiles() noexcept;

/// `invalid_argument`, with the nearest name, where there is none.
[[nodiscard]] Result<const Profile*> find_profile(std::string_view name);

/// What is to be sent. A value.
struct OutgoingFile {
    /// As the provider gets it.
    std::string name;
    std::string content_type;
    /// Bytes.
    std::uint64_t size = 0;
    /// Empty where the provider knows none.
    std::string purpose;
    std::optional<std::chrono::seconds> expires_in;
};

/// `rejected` where the provider is known to refuse the file (ErrorDetails::server_code is "size" or "type"), `invalid_argument` for a purpose or lifetime that it cannot be given.
[[nodiscard]] Result<void> check_file(const Profile& profile, const OutgoingFile& file);

/// Without a slash at its end; the profile's own where it is empty. `invalid_argument` for what is no http or https URL of a server, and for one without TLS of another machine than this, unless that is allowed.
[[nodiscard]] Result<std::string> resolve_base_url(const Profile& profile, std::string_view given,
                                                   bool allow_plain_http);

/// The name under which a file is sent: the last part of its own, with the file's ID and `mark` before the extension, so that this copy can be found in a provider's list, and is taken for no other of the
/// file. Of letters and digits of ASCII, `.`, `-` and `_`, which no service writes in another way. At most 255 bytes.
[[nodiscard]] std::string sent_name(const FileId& id, std::string_view mark, std::string_view original_path);

/// Whether a file in a provider's list is the copy of such a name. Some services write names in lower case.
[[nodiscard]] bool is_copy_name(std::string_view sent_name, std::string_view listed) noexcept;

/// Whether a service answers the name that a file was sent under, perhaps with something around it.
[[nodiscard]] bool holds_name(std::string_view answered, std::string_view sent_name);

}  // namespace filestore::provider
