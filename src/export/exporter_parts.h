#pragma once

/// What the calls of an exporter work with.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "audit/catalogue.h"
#include "audit/sent_copies.h"
#include "export/provider_client.h"
#include "filestore/file_exporter.h"
#include "http/transport.h"

namespace filestore {

/// The rows of copies in a catalogue, which is opened by the first call that needs it. A resource; thread-safe; blocks.
class CopyRecord {
public:
    explicit CopyRecord(std::string path) : path_(std::move(path)) {}

    /// See Catalogue::use_sent_copies().
    [[nodiscard]] Result<void> use(const std::function<Result<void>(SentCopies&)>& work);
    /// See Catalogue::read_sent_copies(). A catalogue that is not there is not made: `work` is not run then.
    [[nodiscard]] Result<void> read(const std::function<Result<void>(SentCopies&)>& work);

    // Each is a transaction.
    [[nodiscard]] Result<std::optional<CopyRow>> complete(std::int64_t number, const CompletedCopy& copy);
    /// The same for what is no whole copy, and is to be removed.
    [[nodiscard]] Result<std::optional<CopyRow>> complete_for_removal(std::int64_t number,
                                                                      const CompletedCopy& copy);
    [[nodiscard]] Result<void> forget(std::int64_t number);
    [[nodiscard]] Result<void> leave(std::int64_t number, const Error& why);
    [[nodiscard]] Result<void> note_removed(std::int64_t number);
    [[nodiscard]] Result<void> note_doubt(std::int64_t number);
    [[nodiscard]] Result<void> note_missed(std::int64_t number, Timestamp since);

private:
    [[nodiscard]] Result<Catalogue*> catalogue();
    [[nodiscard]] bool is_there();

    const std::string path_;
    std::mutex mutex_;
    /// Once it is set it stays.
    std::unique_ptr<Catalogue> catalogue_;
};

/// A value (shared handles).
struct ExporterParts {
    ExporterOptions options;
    std::shared_ptr<CopyRecord> record;
    std::shared_ptr<http::Transport> transport;
};

/// The profile and base URL of a target.
[[nodiscard]] Result<provider::Place> place_of(const ExporterParts& parts, const ExportTarget& target);

/// With the target's key, for copies of one purpose.
[[nodiscard]] Result<ProviderClient> client_of(const ExporterParts& parts, const provider::Place& place,
                                               const std::string& key_variable, const std::string& purpose,
                                               const CallOptions& limits);

/// As callers see a row.
[[nodiscard]] ProviderCopy copy_of(const CopyRow& row, Timestamp now);

/// Whether a row is of this provider at this base URL.
[[nodiscard]] bool is_at(const CopyRow& row, const provider::Place& place);

/// A file of the store as it is now. On a thread that may wait although it is the library's.
[[nodiscard]] Result<FileInfo> look_at(const ExporterParts& parts, const FileId& id,
                                       const CallOptions& limits);

/// What became of a send that nobody goes on with: its copy, which is recorded then. It is to be removed (CopyRow::removing_since) where the provider tells another size than `size`. Nothing where the provider's list lacks it.
[[nodiscard]] Result<std::optional<CopyRow>> adopt(const ExporterParts& parts, const ProviderClient& client,
                                                   const CopyRow& row, std::optional<std::uint64_t> size);

/// The same failure, with the file's ID in its message once.
[[nodiscard]] Error about_file(const Error& error, const FileId& id);
[[nodiscard]] Error being_sent_error(const FileId& id);

[[nodiscard]] Result<ExportReceipt> send_file(const ExporterParts& parts, const ExportRequest& request);

[[nodiscard]] Result<SettleReport> settle_copies(const ExporterParts& parts, const SettleRequest& request);
[[nodiscard]] Result<SettleReport> unsend_file(const ExporterParts& parts, const UnsendRequest& request);
[[nodiscard]] Result<std::vector<ProviderCopy>> read_copies(const ExporterParts& parts,
                                                            const CopiesRequest& request);

}  // namespace filestore
