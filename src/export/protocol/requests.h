#pragma once

/// The requests of the providers' Files APIs, but for the key and the bytes of the file. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "export/protocol/profile.h"
#include "filestore/result.h"

namespace filestore::provider {

enum class Verb { get, post, remove };

/// A value.
struct HeaderField {
    std::string name;
    std::string value;
};

/// A request whose body is `head`, the bytes of a file or of a part of it, and `tail`. A value.
struct Outgoing {
    Verb verb = Verb::get;
    std::string url{};
    std::vector<HeaderField> headers{};
    std::string head{};
    /// Of the file; 0 where the body is `head` alone.
    std::uint64_t file_bytes = 0;
    std::string tail{};
};

/// A profile at a base URL. A value.
struct Place {
    const Profile* profile = nullptr;
    std::string base_url{};
};

/// The header that has the key. `unauthenticated` for what cannot be a key.
[[nodiscard]] Result<HeaderField> key_header(const Profile& profile, std::string_view key);

/// The whole file, in one form.
[[nodiscard]] Outgoing send_in_form(const Place& place, const OutgoingFile& file, std::string_view boundary);

// OpenAI's Uploads API.
[[nodiscard]] Outgoing begin_parts(const Place& place, const OutgoingFile& file);
/// `size` bytes of the file.
[[nodiscard]] Outgoing send_part(const Place& place, std::string_view upload_id, std::uint64_t size,
                                 std::string_view boundary);
/// The parts in their order.
[[nodiscard]] Outgoing complete_parts(const Place& place, std::string_view upload_id,
                                      std::span<const std::string> part_ids);
[[nodiscard]] Outgoing cancel_parts(const Place& place, std::string_view upload_id);

// Google's resumable protocol.
[[nodiscard]] Outgoing begin_session(const Place& place, const OutgoingFile& file);
/// The last `size` bytes of the file, from `offset` on.
[[nodiscard]] Outgoing send_to_session(std::string_view session_url, std::uint64_t offset,
                                       std::uint64_t size);
/// How much of it has come.
[[nodiscard]] Outgoing ask_session(std::string_view session_url);

/// A page of the provider's files. A value (views).
struct ListPage {
    /// Empty for the first.
    std::string_view cursor{};
    /// Only files of that purpose are listed; empty for all.
    std::string_view purpose{};
};

[[nodiscard]] Outgoing list_files(const Place& place, const ListPage& page);
[[nodiscard]] Outgoing remove_file(const Place& place, std::string_view provider_id);

}  // namespace filestore::provider
