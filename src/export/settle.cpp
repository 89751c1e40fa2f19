#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/try.h"
#include "export/exporter_parts.h"
#include "export/missed_copies.h"
#include "export/place_share.h"

namespace filestore {

namespace {

constexpr std::size_t page_size = 100;

/// So begins the reason of a row behind one that failed so that the provider was asked for no more.
constexpr std::string_view not_asked = "not asked, as for another copy";

bool has_failed(const CopyRow& row) {
    return !row.reason.empty() && !row.reason.starts_with(not_asked);
}

/// Rows of one place. Those that failed the last time come last: they keep no other from its turn.
struct Numbers {
    std::vector<std::int64_t> untried{};
    std::vector<std::int64_t> failed{};

    [[nodiscard]] std::vector<std::int64_t> in_order() const {
        std::vector<std::int64_t> all = untried;
        all.insert(all.end(), failed.begin(), failed.end());
        return all;
    }
};

/// Rows that are to be settled, by the profile, base URL and key variable which they share.
using NumbersByPlace = std::map<std::tuple<std::string, std::string, std::string>, Numbers>;

void add(NumbersByPlace& numbers, const std::vector<CopyRow>& rows) {
    for (const CopyRow& row : rows) {
        Numbers& of_place = numbers[{row.profile, row.base_url, row.key_variable}];
        (has_failed(row) ? of_place.failed : of_place.untried).push_back(row.number);
    }
}

bool is_damaged(const CopyRow& row) {
    return row.is_damaged;
}

Error damaged_error() {
    return {ErrorCode::corrupt,
            "its row in the catalogue is damaged, so that nobody can tell what is to be removed: look for "
            "the file at the provider, remove it there, and have the row forgotten"};
}

/// One call. One thread; blocks.
class Settling {
public:
    Settling(const ExporterParts& parts, const CallOptions& call) : parts_(parts), call_(call) {}

    Result<void> run(const NumbersByPlace& places) {
        std::size_t left = places.size();
        for (const auto& [place, numbers] : places) {
            FILESTORE_TRY(settle_place(numbers.in_order(),
                                       end_of_share(std::chrono::steady_clock::now(), call_.deadline, left)));
            --left;
        }
        return {};
    }

    /// What has expired is not asked for: providers remove it by themselves.
    Result<void> forget_expired() {
        std::vector<CopyRow> rows;
        FILESTORE_TRY(parts_.record->read([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(rows, copies.expired(now()));
            return {};
        }));
        for (const CopyRow& row : rows) {
            FILESTORE_TRY(row.is_damaged ? note(row, damaged_error()) : forgotten(row));
        }
        return {};
    }

    /// Nobody is asked for what they name.
    Result<void> drop_damaged(const std::vector<CopyRow>& rows) {
        const auto drop_all = [&](SentCopies& copies) -> Result<void> {
            report.dropped.clear();
            for (const CopyRow& row : rows) {
                FILESTORE_TRY_ASSIGN(const auto current, copies.row(row.number));
                if (current && current->is_damaged && !current->is_being_sent) {
                    FILESTORE_TRY(copies.forget(row.number));
                    report.dropped.push_back(copy_of(*current, now()));
                }
            }
            return {};
        };
        return rows.empty() ? Result<void>() : parts_.record->use(drop_all);
    }

    SettleReport report;

private:
    [[nodiscard]] Timestamp now() const { return parts_.options.clock->now(); }

    Result<void> settle_place(const std::vector<std::int64_t>& numbers, CallDeadline end) {
        std::optional<Error> out_of_reach;
        for (const std::int64_t number : numbers) {
            if (call_.cancel.stop_requested()) {
                return Error(ErrorCode::cancelled);
            }
            FILESTORE_TRY_ASSIGN(const auto row, open_row(number));
            if (!row) {
                continue;
            }
            if (out_of_reach) {
                FILESTORE_TRY(note_behind(*row, *out_of_reach));
                continue;
            }
            const auto settled = settle_row(*row, end);
            if (settled.ok()) {
                continue;
            }
            FILESTORE_TRY(note(*row, settled.error()));
            if (!row->is_damaged && concerns_the_place(settled.error().code())) {
                out_of_reach = settled.error().within(std::string(not_asked));
            }
        }
        return {};
    }

    /// As it is now; nothing where nothing is to be done, or somebody does it.
    Result<std::optional<CopyRow>> open_row(std::int64_t number) {
        std::optional<CopyRow> row;
        FILESTORE_TRY(parts_.record->read([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(row, copies.row(number));
            return {};
        }));
        const bool is_open = row && !row->is_being_sent && (row->removing_since || row->provider_id.empty());
        return is_open ? row : std::nullopt;
    }

    Result<void> settle_row(const CopyRow& row, CallDeadline end_of_place) {
        if (row.is_damaged) {
            return damaged_error();
        }
        CallOptions limits = call_;
        limits.deadline = end_of_copy(std::chrono::steady_clock::now(), end_of_place);
        FILESTORE_TRY_ASSIGN(const auto place,
                             place_of(parts_, {row.profile, row.base_url, row.key_variable}));
        FILESTORE_TRY_ASSIGN(const ProviderClient client,
                             client_of(parts_, place, row.key_variable, row.purpose, limits));
        if (!row.provider_id.empty()) {
            return remove(client, row);
        }
        FILESTORE_TRY_ASSIGN(const auto taken, take_over(row.number));
        if (!taken) {
            return {};
        }
        return taken->row.removing_since ? remove(client, taken->row) : find_out(client, taken->row);
    }

    /// A copy that nobody else works on now.
    struct Taken {
        CopyInWork in_work;
        /// As it is since then: while the key was asked for, somebody may have sent it once more.
        CopyRow row;
    };

    /// Nothing where somebody else was first.
    Result<std::optional<Taken>> take_over(std::int64_t number) {
        std::optional<Taken> taken;
        FILESTORE_TRY(parts_.record->use([&](SentCopies& copies) -> Result<void> {
            taken.reset();
            FILESTORE_TRY_ASSIGN(auto in_work, copies.take_over(number));
            FILESTORE_TRY_ASSIGN(auto row, copies.row(number));
            if (in_work && row) {
                taken.emplace(Taken{std::move(*in_work), std::move(*row)});
            }
            return {};
        }));
        return taken;
    }

    /// With each other file of its name: all are copies that this row stands for.
    Result<void> remove(const ProviderClient& client, const CopyRow& row) {
        const bool is_known = !row.provider_id.empty();
        if (is_known) {
            FILESTORE_TRY(client.remove(row.provider_id));
            if (!row.is_doubtful) {
                return removed(row);
            }
            FILESTORE_TRY(parts_.record->note_removed(row.number));
        }
        FILESTORE_TRY_ASSIGN(const auto found, client.find(row.sent_name));
        for (const provider::RemoteFile& file : found) {
            FILESTORE_TRY(client.remove(file.id));
        }
        if (!found.empty() && !row.is_doubtful) {
            return removed(row);
        }
        FILESTORE_TRY(give_up(row));
        return is_known || !found.empty() ? removed(row) : forgotten(row);
    }

    /// Of what was sent; nothing where the store has that no more.
    Result<std::optional<std::uint64_t>> size_of(const CopyRow& row) {
        const auto info = look_at(parts_, row.id, call_);
        if (!info.ok() && info.error().code() != ErrorCode::not_found) {
            return Error(ErrorCode::outcome_unknown,
                         "what was sent cannot be looked at: " + std::string(info.error().message()));
        }
        const bool is_there = info.ok() && info->version == row.file_version;
        return is_there ? std::optional(info->size) : std::nullopt;
    }

    Result<void> find_out(const ProviderClient& client, const CopyRow& row) {
        FILESTORE_TRY_ASSIGN(const auto size, size_of(row));
        FILESTORE_TRY_ASSIGN(const auto found, adopt(parts_, client, row, size));
        if (found && found->removing_since) {
            return remove(client, *found);
        }
        if (found) {
            report.found.push_back(copy_of(*found, now()));
            return {};
        }
        FILESTORE_TRY(give_up(row));
        return forgotten(row);
    }

    /// Success where no other file of the row's name comes any more.
    Result<void> give_up(const CopyRow& row) {
        const AfterMiss next = after_miss(row.missed_since, now());
        if (next == AfterMiss::give_up) {
            return {};
        }
        const Timestamp since = missed_from(row.missed_since, now());
        if (next == AfterMiss::begin) {
            FILESTORE_TRY(parts_.record->note_missed(row.number, since));
        }
        return Error(ErrorCode::outcome_unknown,
                     "a send of it was interrupted or its answer lost, and although the provider's list has "
                     "no such file now, one may come until " +
                         format_timestamp(since + longest_arrival));
    }

    Result<void> removed(const CopyRow& row) {
        FILESTORE_TRY(parts_.record->forget(row.number));
        report.removed.push_back(copy_of(row, now()));
        return {};
    }

    Result<void> forgotten(const CopyRow& row) {
        FILESTORE_TRY(parts_.record->forget(row.number));
        ++report.forgotten;
        return {};
    }

    Result<void> note(const CopyRow& row, const Error& why) {
        FILESTORE_TRY(parts_.record->leave(row.number, why));
        FILESTORE_TRY_ASSIGN(const auto left, open_row(row.number));
        tell_waiting(left.value_or(row), why);
        return {};
    }

    /// Of a row that was not asked for: what it failed with itself stays, as that decides on its turn.
    Result<void> note_behind(const CopyRow& row, const Error& why) {
        if (has_failed(row) || row.reason == why.message()) {
            tell_waiting(row, why);
            return {};
        }
        return note(row, why);
    }

    void tell_waiting(const CopyRow& row, const Error& why) {
        ProviderCopy copy = copy_of(row, now());
        copy.reason = why.message();
        report.waiting.push_back(std::move(copy));
        if (!report.failure) {
            report.failure = why;
        }
    }

    const ExporterParts& parts_;
    const CallOptions& call_;
};

Result<NumbersByPlace> open_copies(const ExporterParts& parts) {
    NumbersByPlace numbers;
    std::int64_t behind = 0;
    for (;;) {
        std::vector<CopyRow> rows;
        FILESTORE_TRY(parts.record->read([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(rows, copies.open_behind(behind, page_size));
            return {};
        }));
        if (rows.empty()) {
            return numbers;
        }
        behind = rows.back().number;
        add(numbers, rows);
    }
}

Result<NumbersByPlace> copies_of_deleted(const ExporterParts& parts, const std::vector<FileId>& ids) {
    NumbersByPlace numbers;
    FILESTORE_TRY(parts.record->read([&](SentCopies& copies) -> Result<void> {
        for (const FileId& id : ids) {
            FILESTORE_TRY_ASSIGN(auto rows, copies.of_file(id));
            std::erase_if(rows, [](const CopyRow& row) { return !row.removing_since; });
            add(numbers, rows);
        }
        return {};
    }));
    return numbers;
}

Result<std::vector<CopyRow>> damaged_copies(const ExporterParts& parts) {
    std::vector<CopyRow> damaged;
    std::int64_t behind = 0;
    for (;;) {
        std::vector<CopyRow> rows;
        FILESTORE_TRY(parts.record->read([&](SentCopies& copies) -> Result<void> {
            FILESTORE_TRY_ASSIGN(rows, copies.behind(behind, page_size));
            return {};
        }));
        if (rows.empty()) {
            return damaged;
        }
        behind = rows.back().number;
        std::copy_if(rows.begin(), rows.end(), std::back_inserter(damaged), &is_damaged);
    }
}

Result<std::vector<CopyRow>> copies_of(const ExporterParts& parts, const FileId& id) {
    std::vector<CopyRow> rows;
    FILESTORE_TRY(parts.record->read([&](SentCopies& copies) -> Result<void> {
        FILESTORE_TRY_ASSIGN(rows, copies.of_file(id));
        return {};
    }));
    return rows;
}

/// The rows that an unsend is about.
Result<std::vector<CopyRow>> copies_meant(const ExporterParts& parts, const UnsendRequest& request) {
    const ExportTarget& target = request.target;
    std::optional<provider::Place> place;
    if (target.profile.empty() && !target.base_url.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "a base URL says where of a provider: give the profile, too");
    }
    if (!target.profile.empty()) {
        FILESTORE_TRY_ASSIGN(place, place_of(parts, target));
    }
    const bool is_of_all = request.id.is_nil() && request.forget_damaged;
    FILESTORE_TRY_ASSIGN(auto rows, is_of_all ? damaged_copies(parts) : copies_of(parts, request.id));
    std::erase_if(rows, [&](const CopyRow& row) {
        return place && (target.base_url.empty() ? row.profile != place->profile->name : !is_at(row, *place));
    });
    return rows;
}

}  // namespace

Result<SettleReport> settle_copies(const ExporterParts& parts, const SettleRequest& request) {
    Settling settling(parts, request.call);
    if (!request.ids.empty()) {
        FILESTORE_TRY_ASSIGN(const auto numbers, copies_of_deleted(parts, request.ids));
        FILESTORE_TRY(settling.run(numbers));
        return std::move(settling.report);
    }
    FILESTORE_TRY(settling.forget_expired());
    FILESTORE_TRY_ASSIGN(const auto numbers, open_copies(parts));
    FILESTORE_TRY(settling.run(numbers));
    return std::move(settling.report);
}

Result<SettleReport> unsend_file(const ExporterParts& parts, const UnsendRequest& request) {
    FILESTORE_TRY_ASSIGN(auto rows, copies_meant(parts, request));
    Settling settling(parts, request.call);
    if (request.forget_damaged) {
        const auto damaged = std::stable_partition(rows.begin(), rows.end(), std::not_fn(&is_damaged));
        FILESTORE_TRY(settling.drop_damaged({damaged, rows.end()}));
        rows.erase(damaged, rows.end());
    }
    if (rows.empty()) {
        return std::move(settling.report);
    }
    const auto mark_all = [&](SentCopies& copies) -> Result<void> {
        for (const CopyRow& row : rows) {
            FILESTORE_TRY_ASSIGN(const auto current, copies.row(row.number));
            if (current && current->is_being_sent) {
                return being_sent_error(request.id);
            }
            FILESTORE_TRY(copies.mark_for_removal(row.number, parts.options.clock->now()));
        }
        return {};
    };
    FILESTORE_TRY(parts.record->use(mark_all));
    NumbersByPlace numbers;
    add(numbers, rows);
    FILESTORE_TRY(settling.run(numbers));
    return std::move(settling.report);
}

Result<std::vector<ProviderCopy>> read_copies(const ExporterParts& parts, const CopiesRequest& request) {
    constexpr std::size_t most = 1000;
    if (request.id.is_nil() && (request.limit < 1 || request.limit > most)) {
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
