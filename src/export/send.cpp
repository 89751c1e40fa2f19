#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/try.h"
#include "export/exporter_parts.h"
#include "export/file_sending.h"

namespace filestore {

namespace {

Result<FileInfo> look_at(StorageBackend& backend, const FileId& id, const CallOptions& limits) {
    struct Look {
        std::mutex mutex;
        std::condition_variable done;
        std::optional<Result<FileInfo>> info;
    };
    const auto look = std::make_shared<Look>();
    FileRequest request;
    request.id = id;
    request.call.deadline = limits.deadline;
    request.call.cancel = limits.cancel;
    backend.metadata_async(std::move(request), [look](Result<FileInfo> info) {
        const std::lock_guard lock(look->mutex);
        look->info.emplace(std::move(info));
        look->done.notify_all();
    });
    std::unique_lock lock(look->mutex);
    look->done.wait(lock, [&] { return look->info.has_value(); });
    return std::move(*look->info);
}

Error deleted_error(const FileId& id) {
    return {ErrorCode::not_found, "file " + id.str() + " is deleted"};
}

/// One call. One thread; blocks.
class SendRun {
public:
    SendRun(const ExporterParts& parts, const ExportRequest& request) : parts_(parts), request_(request) {}

    Result<ExportReceipt> run() {
        FILESTORE_TRY_ASSIGN(place_, place_of(parts_, request_.target));
        if (request_.id.is_nil()) {
            return Error(ErrorCode::invalid_argument, "the nil ID names no file");
        }
        FILESTORE_TRY_ASSIGN(info_, look_at(*parts_.options.backend, request_.id, request_.call));
        describe_file();
        FILESTORE_TRY(within_file(provider::check_file(*place_.profile, file_)));
        FILESTORE_TRY_ASSIGN(const ProviderClient client,
                             client_of(parts_, place_, request_.target.key_variable, request_.call));
        for (;;) {
            FILESTORE_TRY_ASSIGN(Claim claim, claim_copy());
            if (claim.there) {
                return ExportReceipt{std::move(*claim.there), true};
            }
            if (!claim.unsettled) {
                return send(client, claim.number);
            }
            FILESTORE_TRY_ASSIGN(auto found, find_out(client, *claim.unsettled));
            if (found && !request_.again) {
                return ExportReceipt{std::move(*found), true};
            }
        }
    }

private:
    /// What is to be done. A value.
    struct Claim {
        /// Nothing: there is a copy.
        std::optional<ProviderCopy> there{};
        /// To be found out first, by this call.
        std::optional<CopyRow> unsettled{};
        /// The row of the copy that is to be sent.
        std::int64_t number = 0;
    };

    void describe_file() {
        file_.name = provider::sent_name(info_.id, info_.original_path);
        file_.content_type = info_.content_type;
        file_.size = info_.size;
        file_.purpose =
            request_.purpose.empty() ? std::string(place_.profile->default_purpose) : request_.purpose;
        file_.expires_in = request_.expires_in;
    }

    Result<void> within_file(const Result<void>& checked) const {
        return checked.ok() ? checked : checked.error().within("file " + info_.id.str());
    }

    [[nodiscard]] Timestamp now() const { return parts_.options.clock->now(); }

    /// In one transaction, so that of two calls one sends.
    Result<Claim> claim_copy() {
        Claim claim;
        const auto weigh_all = [&](SentCopies& copies) -> Result<void> {
            claim = {};
            FILESTORE_TRY_ASSIGN(const bool is_deleted, copies.is_deleted(info_.id));
            if (is_deleted) {
                return deleted_error(info_.id);
            }
            FILESTORE_TRY_ASSIGN(const auto rows, copies.of_file(info_.id));
            for (const CopyRow& row : rows) {
                FILESTORE_TRY(weigh(copies, row, claim));
            }
            if (claim.there) {
                return {};
            }
            if (claim.unsettled) {
                return take_over(copies, *claim.unsettled);
            }
            FILESTORE_TRY_ASSIGN(claim.number, copies.begin(new_row()));
            return {};
        };
        FILESTORE_TRY(parts_.record->use(weigh_all));
        return claim;
    }

    Result<void> weigh(SentCopies& copies, const CopyRow& row, Claim& claim) {
        if (!is_at(row, place_) || row.is_damaged) {
            return {};
        }
        if (!row.provider_id.empty()) {
            known_.insert(row.provider_id);
        }
        if (row.purpose != file_.purpose || row.removing_since) {
            return {};
        }
        if (row.is_being_sent) {
            ErrorDetails details;
            details.retryable = true;
            return request_.again ? Result<void>()
                                  : Error(ErrorCode::conflict,
                                          "file " + info_.id.str() + " is just being sent by somebody else",
                                          std::move(details));
        }
        if (row.provider_id.empty()) {
            claim.unsettled = row;
            return {};
        }
        if (row.expires_at && *row.expires_at <= now()) {
            return copies.forget(row.number);
        }
        if (!request_.again && row.file_version == info_.version) {
            claim.there = copy_of(row, now());
        }
        return {};
    }

    static Result<void> take_over(SentCopies& copies, const CopyRow& row) {
        FILESTORE_TRY_ASSIGN(const bool is_ours, copies.take_over(row.number));
        return is_ours ? Result<void>()
                       : Error(ErrorCode::internal, "a copy that nobody sends belongs to somebody");
    }

    [[nodiscard]] CopyRow new_row() const {
        CopyRow row;
        row.id = info_.id;
        row.profile = place_.profile->name;
        row.base_url = place_.base_url;
        row.key_variable = request_.target.key_variable;
        row.purpose = file_.purpose;
        row.file_version = info_.version;
        row.sent_name = file_.name;
        row.begun_at = now();
        return row;
    }

    /// What became of a send that was interrupted. Nothing where the provider has no copy.
    Result<std::optional<ProviderCopy>> find_out(const ProviderClient& client, const CopyRow& row) {
        const auto found = client.find_one(row.sent_name, known_);
        if (!found.ok()) {
            leave(row.number, found.error());
            return found.error();
        }
        if (!*found) {
            FILESTORE_TRY(forget(row.number));
            return std::optional<ProviderCopy>();
        }
        FILESTORE_TRY_ASSIGN(const auto copy, record(row.number, **found));
        return copy && !copy->removing_since ? std::optional(copy_of(*copy, now())) : std::nullopt;
    }

    Result<std::optional<CopyRow>> record(std::int64_t number, const provider::RemoteFile& file) {
        std::optional<CopyRow> row;
        FILESTORE_TRY(parts_.record->use([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(row, copies.complete(number, {file.id, now(), file.expires_at}));
            return {};
        }));
        return row;
    }

    Result<void> forget(std::int64_t number) {
        return parts_.record->use([&](SentCopies& copies) { return copies.forget(number); });
    }

    void leave(std::int64_t number, const Error& why) {
        static_cast<void>(
            parts_.record->use([&](SentCopies& copies) { return copies.leave(number, why.message()); }));
    }

    Result<ExportReceipt> send(const ProviderClient& client, std::int64_t number) {
        FileSending sending(client, *parts_.options.backend, info_, file_, known_, request_.call);
        SendOutcome outcome = sending.run({parts_.options.part_threshold, parts_.options.part_size});
        if (!outcome.file.ok()) {
            const Error failure = outcome.file.error().within("file " + info_.id.str());
            if (outcome.may_be_there) {
                leave(number, failure);
            } else {
                static_cast<void>(forget(number));
            }
            return failure;
        }
        const auto row = record(number, *outcome.file);
        if (!row.ok()) {
            leave(number, row.error());
            return row.error().within("file " + info_.id.str() + " was sent, which is recorded later");
        }
        if (!*row || (*row)->removing_since) {
            return end_of_deleted(client, number, *outcome.file);
        }
        return ExportReceipt{copy_of(**row, now()), false};
    }

    /// It was deleted while it was sent.
    Error end_of_deleted(const ProviderClient& client, std::int64_t number,
                         const provider::RemoteFile& file) {
        const auto removed = client.remove(file.id);
        if (!removed.ok()) {
            return {ErrorCode::not_found, "file " + info_.id.str() +
                                              " was deleted while it was sent, and its copy is still to be "
                                              "removed: " +
                                              std::string(removed.error().message())};
        }
        static_cast<void>(forget(number));
        return {ErrorCode::not_found,
                "file " + info_.id.str() + " was deleted while it was sent: its copy was removed"};
    }

    const ExporterParts& parts_;
    const ExportRequest& request_;
    provider::Place place_;
    FileInfo info_;
    provider::OutgoingFile file_;
    /// IDs of other copies there.
    std::set<std::string> known_;
};

}  // namespace

Result<ExportReceipt> send_file(const ExporterParts& parts, const ExportRequest& request) {
    return SendRun(parts, request).run();
}

}  // namespace filestore
