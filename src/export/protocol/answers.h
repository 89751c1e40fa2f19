#pragma once

/// The answers of the providers' Files APIs. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret.h"
#include "export/protocol/requests.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore::provider {

/// A file as a provider has it. A value.
struct RemoteFile {
    /// Empty, only in lists, where it has none that can be asked for.
    std::string id;
    std::string name{};
    std::optional<Timestamp> expires_at{};
    /// Bytes, where the provider tells that.
    std::optional<std::uint64_t> size{};
    std::optional<Timestamp> created_at{};

    friend bool operator==(const RemoteFile&, const RemoteFile&) = default;
};

/// A value.
struct RemoteList {
    std::vector<RemoteFile> files{};
    /// The ID of the first file, also one that nobody here would take; empty where it has none.
    std::string first_id{};
    /// For list_files(); empty after the last page, and where pages are asked for by their number.
    std::string cursor{};
    /// Files in all, where the answer tells that.
    std::optional<std::uint64_t> total{};
};

/// What a session of the resumable protocol has come to. A value.
struct SessionState {
    bool is_final = false;
    std::uint64_t received = 0;
};

/// An answer to a removal. A value (views).
struct RemovalReply {
    int status = 0;
    std::string_view body{};
};

/// Whether it can be a copy of so many bytes.
[[nodiscard]] inline bool may_be_whole(const RemoteFile& file, std::uint64_t size) noexcept {
    return !file.size || *file.size == size;
}

// All are `corrupt` where the answer is not what the API answers.

/// Also where it stands in a member `file`, as some answers have it.
[[nodiscard]] Result<RemoteFile> read_file(const Profile& profile, std::string_view json);
/// What was made of an upload in parts: only the member `file`, as the ID beside it is the upload's.
[[nodiscard]] Result<RemoteFile> read_file_of_upload(const Profile& profile, std::string_view json);
/// The `id` of an upload or a part.
[[nodiscard]] Result<std::string> read_id(std::string_view json);
[[nodiscard]] Result<RemoteList> read_list(const Profile& profile, std::string_view json);
/// Where the bytes are to go: what the header X-Goog-Upload-URL says, but always at the server that was asked, and below the base URL unless it names that server itself.
[[nodiscard]] Result<std::string> read_session_url(const Place& place, std::string_view header);
/// From the headers X-Goog-Upload-Status and X-Goog-Upload-Size-Received.
[[nodiscard]] Result<SessionState> read_session_state(std::string_view status, std::string_view received);
/// A success that says that the file is removed.
[[nodiscard]] Result<void> read_removal(const Profile& profile, std::string_view provider_id,
                                        const RemovalReply& reply);

/// Whether this may be the API's word for a file that is not there, in one of the many ways of services that are compatible. It may be that of something else, such as a gateway, or be about a path: only together with a list
/// that lacks the file is it one.
[[nodiscard]] bool may_say_missing(const Profile& profile, const RemovalReply& reply);

/// An answer that is no success. A value (views).
struct Refusal {
    int status = 0;
    std::string_view body{};
    std::string_view request_id{};
};

/// What it means. What the provider says stands in the message, but for refused keys, of which some repeat parts.
[[nodiscard]] Error error_of(const Profile& profile, const Refusal& refusal,
                             std::span<const SecretString> secrets);

}  // namespace filestore::provider
