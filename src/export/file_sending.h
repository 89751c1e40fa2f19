#pragma once

/// Sends one file by the means that its provider has.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/progress.h"
#include "export/file_body.h"
#include "export/provider_client.h"
#include "filestore/backend.h"

namespace filestore {

/// How large files go in parts. A value.
struct PartTerms {
    std::uint64_t threshold;
    std::uint64_t size;
};

/// What came of it. A value.
struct SendOutcome {
    Result<provider::RemoteFile> file;
    /// Where it failed: the provider may have the file all the same, or get it yet.
    bool may_be_there = false;
};

/// A resource; one thread at a time; blocks. What it is made from outlives it.
class FileSending {
public:
    /// `known` are the provider's IDs of other copies of the file.
    FileSending(const ProviderClient& client, StorageBackend& backend, const FileInfo& info,
                const provider::OutgoingFile& file, std::set<std::string> known, const CallOptions& limits);

    /// Where an answer is lost the provider's list is asked, before anything is sent again.
    [[nodiscard]] SendOutcome run(const PartTerms& parts);

private:
    using MakeRequest = std::function<provider::Outgoing()>;

    [[nodiscard]] SendOutcome send_in_form();
    [[nodiscard]] SendOutcome send_in_parts(std::uint64_t part_size);
    [[nodiscard]] SendOutcome send_to_session();
    [[nodiscard]] Result<std::string> send_part(const std::string& upload_id, std::uint64_t offset,
                                                std::uint64_t size);
    [[nodiscard]] SendOutcome complete_parts(const std::string& upload_id,
                                             const std::vector<std::string>& part_ids);
    [[nodiscard]] Result<std::string> begin_session();
    [[nodiscard]] SendOutcome until_done(const std::function<Attempt()>& try_it);
    [[nodiscard]] Attempt try_with_file(const provider::Outgoing& request, std::uint64_t offset,
                                        WithKey with_key = WithKey::yes);
    [[nodiscard]] std::optional<SendOutcome> look_for_it(const Error& failure);
    [[nodiscard]] SendOutcome result_of(const Attempt& attempt) const;
    void note_given(std::uint64_t position);

    const ProviderClient& client_;
    StorageBackend& backend_;
    const FileInfo& info_;
    const provider::OutgoingFile& file_;
    const std::set<std::string> known_;
    const CallOptions limits_;
    ProgressMeter progress_;
    /// Of the file, by any attempt.
    std::uint64_t farthest_ = 0;
    /// What the store failed with while the last attempt read from it.
    std::optional<Error> store_failure_;
};

}  // namespace filestore
