#pragma once

/// Sends one file by the means that its provider has.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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
    /// Where it failed: the ID of what the provider made of the file, which is not the whole of it.
    std::string cut_id{};
    /// Where it failed: no attempt of this call can have made it, and no list told of one.
    bool made_none = false;
};

/// The copy that is made. A value (references).
struct CopyTerms {
    const FileInfo& info;
    const provider::OutgoingFile& file;
    /// When it was sent first.
    Timestamp begun_at{};
    /// An earlier attempt may have made it.
    bool may_be_there = false;
    /// Notes durably that an attempt may have made the copy, although the provider's list lacks it. What this fails with ends the sending.
    std::function<Result<void>()> note_doubt;
};

/// A resource; one thread at a time; blocks. What it is made from outlives it.
class FileSending {
public:
    FileSending(const ProviderClient& client, StorageBackend& backend, CopyTerms copy,
                const CallOptions& limits);

    /// Where an answer is lost the provider's list is asked, and what it lacks is noted, before anything is sent again.
    [[nodiscard]] SendOutcome run(const PartTerms& parts);

private:
    /// Of the resumable protocol. A value.
    struct UploadSession {
        std::string url{};
        std::uint64_t offset = 0;
        /// The most that any session had.
        std::uint64_t farthest = 0;
    };

    [[nodiscard]] SendOutcome send_in_form();
    [[nodiscard]] SendOutcome send_in_parts(std::uint64_t part_size);
    [[nodiscard]] SendOutcome send_to_session();
    [[nodiscard]] Result<std::string> send_part(const std::string& upload_id, std::uint64_t offset,
                                                std::uint64_t size);
    [[nodiscard]] SendOutcome complete_parts(const std::string& upload_id,
                                             const std::vector<std::string>& part_ids);
    [[nodiscard]] Result<void> begin_session(UploadSession& session);
    [[nodiscard]] std::optional<SendOutcome> go_on(UploadSession& session, const Error& failure,
                                                   Retries& attempts);
    using ReadFile = Result<provider::RemoteFile>(const provider::Profile&, std::string_view json);

    /// `read` reads what a success answers.
    [[nodiscard]] SendOutcome until_done(const std::function<Attempt()>& try_it, ReadFile& read);
    void take_back_parts(const std::string& upload_id) const;
    [[nodiscard]] Attempt try_with_file(const provider::Outgoing& request, std::uint64_t offset,
                                        WithKey with_key = WithKey::yes);
    [[nodiscard]] std::optional<SendOutcome> look_for_it(const Error& failure);
    [[nodiscard]] SendOutcome result_of(const Attempt& attempt, ReadFile& read) const;
    [[nodiscard]] bool is_of_others(const provider::RemoteFile& file) const;
    [[nodiscard]] SendOutcome as_copy(provider::RemoteFile file, bool was_whole) const;
    [[nodiscard]] Error early_error() const;
    [[nodiscard]] FileBody& body_at(std::uint64_t offset);
    void end_body(bool is_failure);
    void note(const Attempt& attempt) noexcept;
    void note_made() noexcept;
    void note_given(std::uint64_t position);

    const ProviderClient& client_;
    StorageBackend& backend_;
    const FileInfo& info_;
    const provider::OutgoingFile& file_;
    const Timestamp begun_at_;
    const std::function<Result<void>()> note_doubt_;
    const CallOptions limits_;
    ProgressMeter progress_;
    /// Of the file, by any attempt.
    std::uint64_t farthest_ = 0;
    /// Some attempt may have been carried out. That stays so, whatever comes of the next.
    bool may_be_there_;
    /// See SendOutcome.
    bool made_none_ = true;
    /// What the next attempt goes on with, where it begins there.
    std::shared_ptr<FileBody> body_;
    /// What the store failed with while the last attempt read from it.
    std::optional<Error> store_failure_;
};

}  // namespace filestore
