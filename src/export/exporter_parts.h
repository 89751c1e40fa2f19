#pragma once

/// What the calls of an exporter work with.

#include <functional>
#include <memory>
#include <mutex>
#include <string>

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

/// With the target's key.
[[nodiscard]] Result<ProviderClient> client_of(const ExporterParts& parts, const provider::Place& place,
                                               const std::string& key_variable, const CallOptions& limits);

/// As callers see a row.
[[nodiscard]] ProviderCopy copy_of(const CopyRow& row, Timestamp now);

/// Whether a row is of this provider at this base URL.
[[nodiscard]] bool is_at(const CopyRow& row, const provider::Place& place);

[[nodiscard]] Result<ExportReceipt> send_file(const ExporterParts& parts, const ExportRequest& request);

/// Removes and finds out what the rows ask for, each once.
[[nodiscard]] Result<SettleReport> settle_rows(const ExporterParts& parts, const std::vector<CopyRow>& rows,
                                               const CallOptions& limits);
[[nodiscard]] Result<SettleReport> settle_all(const ExporterParts& parts, const CallOptions& limits);
[[nodiscard]] Result<SettleReport> unsend_file(const ExporterParts& parts, const UnsendRequest& request);
[[nodiscard]] Result<std::vector<ProviderCopy>> read_copies(const ExporterParts& parts,
                                                            const CopiesRequest& request);

}  // namespace filestore
