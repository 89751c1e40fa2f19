#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/call_limits.h"
#include "core/try.h"
#include "export/exporter_parts.h"

namespace filestore {

namespace {

constexpr std::size_t page_size = 100;

/// One call. One thread; blocks.
class Settling {
public:
    Settling(const ExporterParts& parts, const CallOptions& limits) : parts_(parts), limits_(limits) {}

    Result<void> settle(const CopyRow& row) {
        FILESTORE_TRY(check_call_limits(limits_.cancel, limits_.deadline));
        if (row.is_being_sent) {
            return {};
        }
        const auto settled =
            row.is_damaged ? Result<void>(Error(ErrorCode::corrupt,
                                                "its row in the catalogue is damaged: look at it, and remove "
                                                "the copy and the row by hand"))
                           : settle_whole(row);
        return settled.ok() ? Result<void>() : note(row, settled.error());
    }

    SettleReport report;

private:
    [[nodiscard]] Timestamp now() const { return parts_.options.clock->now(); }

    Result<void> settle_whole(const CopyRow& row) {
        FILESTORE_TRY_ASSIGN(const provider::Profile* profile, provider::find_profile(row.profile));
        FILESTORE_TRY_ASSIGN(const ProviderClient client,
                             client_of(parts_, {profile, row.base_url}, row.key_variable, limits_));
        if (!row.provider_id.empty()) {
            FILESTORE_TRY(client.remove(row.provider_id));
            return removed(row);
        }
        bool is_ours = false;
        std::set<std::string> known;
        FILESTORE_TRY(parts_.record->use([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(is_ours, copies.take_over(row.number));
            FILESTORE_TRY_ASSIGN(const auto others, copies.of_file(row.id));
            for (const CopyRow& other : others) {
                known.insert(other.provider_id);
            }
            return {};
        }));
        if (!is_ours) {
            return {};
        }
        return row.removing_since ? remove_all(client, row, known) : find_out(client, row, known);
    }

    /// Each of that name is a copy of this file.
    Result<void> remove_all(const ProviderClient& client, const CopyRow& row,
                            const std::set<std::string>& known) {
        FILESTORE_TRY_ASSIGN(const auto found, client.find(row.sent_name, known));
        for (const provider::RemoteFile& file : found) {
            FILESTORE_TRY(client.remove(file.id));
        }
        return found.empty() ? forgotten(row) : removed(row);
    }

    Result<void> find_out(const ProviderClient& client, const CopyRow& row,
                          const std::set<std::string>& known) {
        FILESTORE_TRY_ASSIGN(const auto found, client.find_one(row.sent_name, known));
        if (!found) {
            return forgotten(row);
        }
        std::optional<CopyRow> completed;
        FILESTORE_TRY(parts_.record->use([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(completed,
                                 copies.complete(row.number, {found->id, now(), found->expires_at}));
            return {};
        }));
        if (completed) {
            report.found.push_back(copy_of(*completed, now()));
        }
        return {};
    }

    Result<void> removed(const CopyRow& row) {
        FILESTORE_TRY(forget(row));
        report.removed.push_back(copy_of(row, now()));
        return {};
    }

    Result<void> forgotten(const CopyRow& row) {
        FILESTORE_TRY(forget(row));
        ++report.forgotten;
        return {};
    }

    Result<void> forget(const CopyRow& row) {
        return parts_.record->use([&](SentCopies& copies) { return copies.forget(row.number); });
    }

    Result<void> note(const CopyRow& row, const Error& why) {
        ProviderCopy copy = copy_of(row, now());
        copy.reason = why.message();
        report.waiting.push_back(std::move(copy));
        if (!report.failure) {
            report.failure = why;
        }
        return parts_.record->use(
            [&](SentCopies& copies) { return copies.note_failure(row.number, why.message()); });
    }

    const ExporterParts& parts_;
    const CallOptions& limits_;
};

}  // namespace

Result<SettleReport> settle_rows(const ExporterParts& parts, const std::vector<CopyRow>& rows,
                                 const CallOptions& limits) {
    Settling settling(parts, limits);
    for (const CopyRow& row : rows) {
        FILESTORE_TRY(settling.settle(row));
    }
    return std::move(settling.report);
}

Result<SettleReport> settle_all(const ExporterParts& parts, const CallOptions& limits) {
    Settling settling(parts, limits);
    std::int64_t behind = 0;
    for (;;) {
        std::vector<CopyRow> rows;
        FILESTORE_TRY(parts.record->read([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(rows, copies.open_behind(behind, page_size));
            return {};
        }));
        if (rows.empty()) {
            break;
        }
        behind = rows.back().number;
        for (const CopyRow& row : rows) {
            FILESTORE_TRY(settling.settle(row));
        }
    }
    bool has_expired = false;
    const Timestamp now = parts.options.clock->now();
    FILESTORE_TRY(parts.record->read([&](SentCopies& copies) -> Result<void> {
        FILESTORE_TRY_ASSIGN(has_expired, copies.has_expired(now));
        return {};
    }));
    if (has_expired) {
        FILESTORE_TRY(parts.record->use([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(const std::uint64_t expired, copies.forget_expired(now));
            settling.report.forgotten += expired;
            return {};
        }));
    }
    return std::move(settling.report);
}

Result<SettleReport> unsend_file(const ExporterParts& parts, const UnsendRequest& request) {
    std::optional<provider::Place> place;
    if (!request.target.profile.empty()) {
        FILESTORE_TRY_ASSIGN(place, place_of(parts, request.target));
    }
    const auto is_meant = [&](const CopyRow& row) {
        const bool is_there = !place || (request.target.base_url.empty() ? row.profile == place->profile->name
                                                                         : is_at(row, *place));
        return is_there;
    };
    std::vector<CopyRow> rows;
    FILESTORE_TRY(parts.record->read([&](SentCopies& copies) -> Result<void> {
        FILESTORE_TRY_ASSIGN(rows, copies.of_file(request.id));
        return {};
    }));
    std::erase_if(rows, [&](const CopyRow& row) { return !is_meant(row); });
    if (rows.empty()) {
        return SettleReport{};
    }
    const Timestamp now = parts.options.clock->now();
    const auto mark_all = [&](SentCopies& copies) -> Result<void> {
        for (CopyRow& row : rows) {
            if (row.is_being_sent) {
                ErrorDetails details;
                details.retryable = true;
                return Error(ErrorCode::conflict, "file " + request.id.str() + " is just being sent",
                             std::move(details));
            }
            FILESTORE_TRY(copies.mark_for_removal(row.number, now));
            row.removing_since = row.removing_since.value_or(now);
        }
        return {};
    };
    FILESTORE_TRY(parts.record->use(mark_all));
    return settle_rows(parts, rows, request.call);
}

Result<std::vector<ProviderCopy>> read_copies(const ExporterParts& parts, const CopiesRequest& request) {
    constexpr std::size_t most = 1000;
    if (request.limit < 1 || request.limit > most) {
        return Error(ErrorCode::invalid_argument, "the limit of a page of copies is 1 to 1000");
    }
    std::vector<CopyRow> rows;
    FILESTORE_TRY(parts.record->read([&](SentCopies& copies) -> Result<void> {
        FILESTORE_TRY_ASSIGN(rows, request.id.is_nil() ? copies.behind(request.after, request.limit)
                                                       : copies.of_file(request.id));
        return {};
    }));
    std::vector<ProviderCopy> copies;
    copies.reserve(rows.size());
    for (const CopyRow& row : rows) {
        copies.push_back(copy_of(row, parts.options.clock->now()));
    }
    return copies;
}

}  // namespace filestore
