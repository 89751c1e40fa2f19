#include <optional>
#include <string>
#include <utility>

#include "core/try.h"
#include "export/exporter_parts.h"
#include "export/file_sending.h"
#include "export/missed_copies.h"

namespace filestore {

namespace {

/// Of a copy's name: two copies of a file are not taken for each other, also where two catalogues keep track of one store.
Result<std::string> random_mark() {
    constexpr std::size_t length = 8;
    FILESTORE_TRY_ASSIGN(const FileId random, FileId::generate());
    return random.str().substr(0, length);
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
        FILESTORE_TRY_ASSIGN(info_, look_at(parts_, request_.id, request_.call));
        FILESTORE_TRY(describe_file());
        if (const auto checked = provider::check_file(*place_.profile, file_); !checked.ok()) {
            return about_file(checked.error(), info_.id);
        }
        FILESTORE_TRY_ASSIGN(
            const ProviderClient client,
            client_of(parts_, place_, request_.target.key_variable, file_.purpose, request_.call));
        for (;;) {
            FILESTORE_TRY_ASSIGN(const Claim claim, claim_copy());
            if (claim.there) {
                return ExportReceipt{*claim.there, true};
            }
            FILESTORE_TRY_ASSIGN(const bool is_to_be_sent, find_out(client, claim));
            if (is_to_be_sent) {
                return send(client, claim);
            }
        }
    }

private:
    /// What is to be done.
    struct Claim {
        /// Nothing: there is a copy.
        std::optional<ProviderCopy> there{};
        /// The copy that is to be sent, by this call.
        CopyRow row{};
        std::optional<CopyInWork> in_work{};
        /// Somebody was interrupted while sending it: the provider is to be asked first.
        bool was_interrupted = false;
        /// By another call.
        bool is_being_sent = false;
    };

    Result<void> describe_file() {
        FILESTORE_TRY_ASSIGN(const std::string mark, random_mark());
        file_.name = provider::sent_name(info_.id, mark, info_.original_path);
        file_.content_type = info_.content_type;
        file_.size = info_.size;
        file_.purpose =
            request_.purpose.empty() ? std::string(place_.profile->default_purpose) : request_.purpose;
        file_.expires_in = request_.expires_in;
        return {};
    }

    [[nodiscard]] Timestamp now() const { return parts_.options.clock->now(); }

    /// In one transaction, so that of two calls one sends.
    Result<Claim> claim_copy() {
        std::optional<Claim> claim;
        const auto weigh_all = [&](SentCopies& copies) -> Result<void> {
            claim.emplace();
            FILESTORE_TRY_ASSIGN(const bool is_deleted, copies.is_deleted(info_.id));
            if (is_deleted) {
                return Error(ErrorCode::not_found, "file " + info_.id.str() + " is deleted");
            }
            FILESTORE_TRY_ASSIGN(const auto rows, copies.of_file(info_.id));
            for (const CopyRow& row : rows) {
                FILESTORE_TRY(weigh(copies, row, *claim));
            }
            if (claim->there) {
                return {};
            }
            return claim->is_being_sent ? Result<void>(being_sent_error(info_.id)) : take(copies, *claim);
        };
        FILESTORE_TRY(parts_.record->use(weigh_all));
        return std::move(*claim);
    }

    Result<void> weigh(SentCopies& copies, const CopyRow& row, Claim& claim) {
        // Another key may be of another account, which has no copy of this one.
        const bool is_meant = is_at(row, place_) && row.key_variable == request_.target.key_variable &&
                              row.purpose == file_.purpose;
        if (!is_meant || row.is_damaged || row.removing_since) {
            return {};
        }
        if (row.expires_at && *row.expires_at <= now()) {
            return copies.forget(row.number);
        }
        if (request_.again) {
            return {};
        }
        if (row.file_version != info_.version) {
            return {};
        }
        if (row.is_being_sent) {
            claim.is_being_sent = true;
            return {};
        }
        if (!row.provider_id.empty()) {
            claim.there = copy_of(row, now());
            return {};
        }
        claim.row = row;
        claim.was_interrupted = true;
        return {};
    }

    Result<void> take(SentCopies& copies, Claim& claim) {
        if (claim.was_interrupted) {
            FILESTORE_TRY_ASSIGN(claim.in_work, copies.take_over(claim.row.number));
            return claim.in_work ? Result<void>() : being_sent_error(info_.id);
        }
        claim.row = new_row();
        FILESTORE_TRY_ASSIGN(claim.in_work, copies.begin(claim.row));
        claim.row.number = claim.in_work->number();
        return {};
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

    /// Whether the copy is to be sent. Where the provider has it from an interrupted call, it is recorded.
    Result<bool> find_out(const ProviderClient& client, const Claim& claim) {
        if (!claim.was_interrupted) {
            return true;
        }
        const auto found = adopt(parts_, client, claim.row, info_.size);
        if (!found.ok()) {
            leave(claim.row, found.error());
            return about_file(found.error(), info_.id);
        }
        if (*found && (*found)->removing_since) {
            static_cast<void>(remove_unwanted(client, **found));
        }
        if (*found) {
            return false;
        }
        missed_since_ = missed_from(claim.row.missed_since, now());
        FILESTORE_TRY(parts_.record->note_doubt(claim.row.number));
        return true;
    }

    /// Where that cannot be written, the row is nobody's all the same as soon as this call ends: its lock goes.
    void leave(const CopyRow& row, const Error& why) {
        static_cast<void>(parts_.record->leave(row.number, why));
    }

    Result<ExportReceipt> send(const ProviderClient& client, const Claim& claim) {
        const CopyRow& row = claim.row;
        file_.name = row.sent_name;
        FileSending sending(client, *parts_.options.backend,
                            {info_, file_, row.begun_at, claim.was_interrupted,
                             [&] { return parts_.record->note_doubt(row.number); }},
                            request_.call);
        const SendOutcome outcome = sending.run({parts_.options.part_threshold, parts_.options.part_size});
        if (!outcome.file.ok() && outcome.cut_id.empty()) {
            return end_of_failure(row, outcome);
        }
        if (const auto own = check_own(row, outcome.file.ok() ? outcome.file->id : outcome.cut_id);
            !own.ok()) {
            leave(row, own.error());
            return about_file(own.error(), info_.id);
        }
        if (!outcome.cut_id.empty()) {
            return end_of_cut(client, row, outcome);
        }
        const auto recorded =
            parts_.record->complete(row.number, {outcome.file->id, now(), outcome.file->expires_at});
        if (!recorded.ok()) {
            leave(row, recorded.error());
            return recorded.error().within("file " + info_.id.str() + " was sent, which is recorded later");
        }
        if (!*recorded || (*recorded)->removing_since) {
            return end_of_deleted(client, row.number, outcome.file->id, *recorded);
        }
        return ExportReceipt{copy_of(**recorded, now()), false};
    }

    /// A service that keeps the same bytes once answers the copy of another file, which goes with that.
    Result<void> check_own(const CopyRow& row, const std::string& provider_id) {
        std::string holder;
        FILESTORE_TRY(parts_.record->read([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(holder, copies.other_holder(row.number, provider_id));
            return {};
        }));
        return holder.empty()
                   ? Result<void>()
                   : Error(ErrorCode::corrupt, "the provider " + row.profile +
                                                   " answered the copy that it has of file " + holder);
    }

    Error end_of_failure(const CopyRow& row, const SendOutcome& outcome) {
        Error failure = about_file(outcome.file.error(), info_.id);
        const bool is_none = !outcome.may_be_there || (outcome.made_none && is_given_up());
        if (is_none) {
            static_cast<void>(parts_.record->forget(row.number));
            return failure;
        }
        if (outcome.made_none && missed_since_) {
            static_cast<void>(parts_.record->note_missed(row.number, *missed_since_));
        }
        leave(row, failure);
        return failure;
    }

    /// Refusals of this call put nothing off: what an earlier one may have made comes no later for it.
    [[nodiscard]] bool is_given_up() const {
        return missed_since_ && after_miss(missed_since_, now()) == AfterMiss::give_up;
    }

    /// No whole copy is taken for one, whatever comes next: it is recorded as to be removed. Where that cannot be, it is found again by its name, and its size is compared.
    Error end_of_cut(const ProviderClient& client, const CopyRow& row, const SendOutcome& outcome) {
        Error failure = about_file(outcome.file.error(), info_.id);
        const auto recorded = parts_.record->complete_for_removal(row.number, {outcome.cut_id, now(), {}});
        if (!recorded.ok() || !*recorded) {
            leave(row, failure);
            return failure;
        }
        return {failure.code(), std::string(failure.message()) + remove_unwanted(client, **recorded)};
    }

    /// It was deleted while it was sent.
    Error end_of_deleted(const ProviderClient& client, std::int64_t number, const std::string& provider_id,
                         const std::optional<CopyRow>& row) {
        CopyRow copy = row.value_or(CopyRow());
        copy.number = number;
        copy.provider_id = provider_id;
        return {ErrorCode::not_found,
                "file " + info_.id.str() + " was deleted while it was sent" + remove_unwanted(client, copy)};
    }

    /// Of a copy that is recorded as to be removed. What came of it, for a message.
    std::string remove_unwanted(const ProviderClient& client, const CopyRow& row) {
        const auto removed = client.remove(row.provider_id);
        if (!removed.ok()) {
            leave(row, removed.error());
            return ", and its copy is still to be removed: " + std::string(removed.error().message());
        }
        static_cast<void>(row.is_doubtful ? parts_.record->note_removed(row.number)
                                          : parts_.record->forget(row.number));
        return ": its copy was removed";
    }

    const ExporterParts& parts_;
    const ExportRequest& request_;
    provider::Place place_;
    FileInfo info_;
    provider::OutgoingFile file_;
    /// Since when the provider's list lacks what an interrupted call may have made.
    std::optional<Timestamp> missed_since_;
};

}  // namespace

Result<ExportReceipt> send_file(const ExporterParts& parts, const ExportRequest& request) {
    return SendRun(parts, request).run();
}

}  // namespace filestore
