#include "service/store_check.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/row_reader.h"
#include "core/call_limits.h"
#include "core/try.h"
#include "service/looks.h"
#include "service/store_run.h"

namespace filestore {
namespace {

/// Of fewer it is likely that they were all removed by hand.
constexpr std::size_t enough = 20;
/// IDs are random, so that of a store that is partly somebody else's a page shows some of each.
constexpr std::size_t listing_page_size = 1000;
/// Later than any upload.
constexpr Timestamp end_of_time = std::chrono::sys_days(std::chrono::year(9999) / std::chrono::December / 31);

/// A resource held by std::shared_ptr, by the call under way.
class StoreCheck : public std::enable_shared_from_this<StoreCheck> {
public:
    StoreCheck(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> recorded,
               std::function<void(const Result<void>&)> done)
        : parts_(parts), limits_(limits), recorded_(std::move(recorded)), done_(std::move(done)) {}

    void start() noexcept {
        step([this] { return recorded_.empty() ? list_page({}) : look(); });
    }

private:
    /// Runs a part of the work; a failure ends the check.
    template <class Work>
    void step(Work&& work) noexcept {
        run_step(std::forward<Work>(work), done_);
    }

    Result<void> look() {
        look_at_files(
            parts_, limits_, std::move(recorded_),
            [self = shared_from_this()](std::size_t, Result<FileInfo>&& info) {
                if (info.ok()) {
                    self->has_found_ = true;
                }
            },
            [self = shared_from_this()](const Result<void>& ended) {
                self->step([&]() -> Result<void> {
                    FILESTORE_TRY(ended);
                    if (!self->has_found_) {
                        return self->list_page({});
                    }
                    self->done_({});
                    return {};
                });
            });
        return {};
    }

    Result<void> list_page(std::string cursor) {
        FILESTORE_TRY(check_call_limits(limits_.cancel, limits_.deadline));
        ListRequest list;
        list.cursor = std::move(cursor);
        list.limit = listing_page_size;
        list.call = limits_;
        parts_.backend->list_async(std::move(list), [self = shared_from_this()](Result<ListPage> page) {
            self->step([&]() -> Result<void> {
                FILESTORE_TRY(page);
                return self->take(std::move(*page));
            });
        });
        return {};
    }

    /// Goes on where the server may be asked without keeping an operation on files waiting.
    Result<void> take(ListPage page) {
        if (!parts_.audit_server) {
            return judge(page);
        }
        parts_.audit_server->post([self = shared_from_this(), page = std::move(page)] {
            self->step([&] { return self->judge(page); });
        });
        return {};
    }

    Result<void> judge(const ListPage& page) {
        listed_ += page.files.size();
        FILESTORE_TRY_ASSIGN(const bool knows, knows_one_of(page.files));
        if (knows) {
            done_({});
            return {};
        }
        if (page.next && listed_ < listing_page_size) {
            return list_page(*page.next);
        }
        FILESTORE_TRY_ASSIGN(const bool tells, record_tells_of_enough());
        done_(tells ? Result<void>(not_the_store(page.next.has_value())) : Result<void>());
        return {};
    }

    [[nodiscard]] Result<bool> knows_one_of(const std::vector<ListEntry>& files) const {
        if (files.empty()) {
            return false;
        }
        std::vector<FileId> ids;
        std::transform(files.begin(), files.end(), std::back_inserter(ids),
                       [](const ListEntry& file) { return file.id; });
        FILESTORE_TRY_ASSIGN(const std::vector<RecordState> states, parts_.journal->states_of(ids));
        const bool knows = std::any_of(states.begin(), states.end(),
                                       [](const RecordState& state) { return state.known || state.busy; });
        if (knows || !parts_.audit_server) {
            return knows;
        }
        FILESTORE_TRY_ASSIGN(const auto rows, RowReader(*parts_.audit_server, limits_).rows_of(ids));
        return !rows.rows.empty() || !rows.untimed.empty();
    }

    [[nodiscard]] Result<bool> record_tells_of_enough() const {
        FILESTORE_TRY_ASSIGN(
            const auto deleted,
            parts_.journal->due(end_of_time, {FileId(), Timestamp::min(), 0, {}, {}}, enough));
        FILESTORE_TRY_ASSIGN(const bool tells, catalogue_tells_of(enough - deleted.size()));
        if (tells || !parts_.audit_server) {
            return tells;
        }
        FILESTORE_TRY_ASSIGN(const auto page, RowReader(*parts_.audit_server, limits_)
                                                  .uploaded_before(end_of_time, std::nullopt,
                                                                   postgrest::Detail::brief, enough));
        return page.rows.size() + page.untimed.size() >= enough;
    }

    /// Whether it has so many files as stored, but for those that the audit server has as deleted: another catalogue's cleanup has removed them from this store.
    [[nodiscard]] Result<bool> catalogue_tells_of(std::size_t wanted) const {
        const std::size_t most = parts_.audit_server ? listing_page_size : enough;
        RecordedUpload last{FileId(), Timestamp::min()};
        for (std::size_t found = 0; found < wanted;) {
            FILESTORE_TRY(check_call_limits(limits_.cancel, limits_.deadline));
            FILESTORE_TRY_ASSIGN(const auto stored, parts_.journal->uploaded_before(end_of_time, last, most));
            if (stored.empty()) {
                return false;
            }
            last = stored.back();
            FILESTORE_TRY_ASSIGN(const std::size_t gone, deleted_by_the_server(stored));
            found += stored.size() - gone;
        }
        return true;
    }

    /// Where something is still to be told of a file, its deletion is perhaps undone by that.
    [[nodiscard]] Result<std::size_t> deleted_by_the_server(const std::vector<RecordedUpload>& stored) const {
        if (!parts_.audit_server) {
            return std::size_t{0};
        }
        std::vector<FileId> ids;
        std::transform(stored.begin(), stored.end(), std::back_inserter(ids),
                       [](const RecordedUpload& upload) { return upload.id; });
        FILESTORE_TRY_ASSIGN(const auto rows, RowReader(*parts_.audit_server, limits_).rows_of(ids));
        ids.clear();
        for (const CatalogueRow& row : rows.rows) {
            if (row.deleted_at) {
                ids.push_back(row.id);
            }
        }
        FILESTORE_TRY_ASSIGN(const auto details, parts_.journal->details_of(ids));
        return static_cast<std::size_t>(std::count_if(details.begin(), details.end(),
                                                      [](const RecordDetails& file) { return !file.waits; }));
    }

    [[nodiscard]] Error not_the_store(bool has_more) const {
        const std::string found = listed_ == 0 ? std::string("the store holds no file at all")
                                               : std::string("of ") + (has_more ? "the first " : "the ") +
                                                     std::to_string(listed_) +
                                                     " files that the store holds none is recorded";
        return Error(
            ErrorCode::precondition_failed,
            std::string(parts_.backend->name()) + " store: not one of the recorded files was found, and " +
                found + ", although " + std::to_string(enough) +
                " files or more are recorded as stored: this is perhaps not the store that the record tells "
                "of. Look whether its disk is mounted, and whether base_path or the bucket is the right one; "
                "where these files are really gone, have the cleanup go on "
                "(--accept-missing, CleanupRequest::accept_missing)");
    }

    const ServiceParts parts_;
    const CallOptions limits_;
    std::vector<FileId> recorded_;
    const std::function<void(const Result<void>&)> done_;
    std::atomic<bool> has_found_ = false;
    std::size_t listed_ = 0;
};

}  // namespace

void check_store(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> recorded,
                 std::function<void(const Result<void>&)> done) {
    std::make_shared<StoreCheck>(parts, limits, std::move(recorded), std::move(done))->start();
}

}  // namespace filestore
