#include "core/verify_by_download.h"

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/request_checks.h"
#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore {

namespace {

class DroppingSink final : public Sink {
public:
    Result<IoStep> write(std::span<const std::byte> bytes, const Wake&) override {
        return IoStep{bytes.size(), false};
    }
    Result<void> finish() override { return {}; }
};

/// A file of a page, and what is known of it once it has been asked for. A value.
struct Item {
    FileId id;
    bool is_listed = false;
    std::uint64_t bytes = 0;
    std::optional<Error> failure{};
    bool is_absent = false;
};

/// One run: a page is listed, its files are downloaded a few at a time, then the run is told of them in their order. Every step is begun in the completion of one before
/// it. A resource held by std::shared_ptr, by the calls under way.
class Run : public std::enable_shared_from_this<Run> {
public:
    Run(std::shared_ptr<StorageBackend> backend, VerifyRequest request, Completion<VerifyReport> done)
        : backend_(std::move(backend)), request_(std::move(request)), done_(std::move(done)) {}

    void list_page(std::string cursor) {
        ListRequest list;
        list.cursor = std::move(cursor);
        list.call = limits();
        backend_->list_async(std::move(list), [self = shared_from_this()](Result<ListPage> page) {
            self->step([&]() -> Result<void> {
                FILESTORE_TRY(self->check());
                FILESTORE_TRY(page);
                return self->take_page(std::move(*page));
            });
        });
    }

private:
    /// Runs a part of the work; a failure ends the run.
    template <class Work>
    void step(Work&& work) {
        const auto result = call_user(ErrorCode::internal, std::forward<Work>(work));
        if (!result.ok()) {
            finish(result.error());
        }
    }

    /// Once: of several files at a time each may fail.
    void finish(Result<VerifyReport> result) {
        Completion<VerifyReport> done;
        {
            const std::lock_guard lock(mutex_);
            done = std::exchange(done_, nullptr);
        }
        if (done) {
            done(std::move(result));
        }
    }

    [[nodiscard]] Result<void> check() const {
        FILESTORE_TRY(check_request(request_));
        if (request_.repair || request_.resume) {
            return Error(ErrorCode::unsupported,
                         "this store can be verified, but neither be repaired nor be "
                         "gone on with: leave repair and resume out");
        }
        return {};
    }

    [[nodiscard]] CallOptions limits() const {
        CallOptions call;
        call.deadline = request_.call.deadline;
        call.cancel = request_.call.cancel;
        return call;
    }

    Result<void> take_page(ListPage page) {
        FILESTORE_TRY(make_items(page));
        next_cursor_ = std::move(page.next);
        next_ = 0;
        // One for this function: the page must not end while it is being begun.
        open_ = 1;
        for (unsigned i = 0; i < request_.parallel; ++i) {
            ask_for_next();
        }
        return release();
    }

    /// The listed files, and between them those that are recorded as stored.
    Result<void> make_items(const ListPage& page) {
        items_.clear();
        FILESTORE_TRY_ASSIGN(const std::vector<FileId> records, recorded_beside(page));
        auto recorded = records.begin();
        const auto add_unlisted_before = [&](const FileId* limit) {
            for (; recorded != records.end() && (limit == nullptr || *recorded < *limit); ++recorded) {
                items_.push_back({.id = *recorded});
            }
        };
        for (const ListEntry& entry : page.files) {
            add_unlisted_before(&entry.id);
            recorded += recorded != records.end() && *recorded == entry.id ? 1 : 0;
            items_.push_back({.id = entry.id, .is_listed = true});
        }
        add_unlisted_before(nullptr);
        return {};
    }

    /// Those that are recorded behind the page before, up to the last file of this one, or to the end.
    Result<std::vector<FileId>> recorded_beside(const ListPage& page) {
        std::vector<FileId> all;
        if (!request_.record || (page.next && page.files.empty())) {
            return all;
        }
        constexpr std::size_t most = 1000;
        while (true) {
            FILESTORE_TRY_ASSIGN(const std::vector<FileId> some, request_.record->stored_after(after_, most));
            for (const FileId& id : some) {
                if (page.next && id > page.files.back().id) {
                    break;
                }
                all.push_back(id);
            }
            if (some.size() < most || (page.next && some.back() > page.files.back().id)) {
                break;
            }
            after_ = some.back();
        }
        if (page.next) {
            after_ = page.files.back().id;
        }
        return all;
    }

    void ask_for_next() {
        std::size_t index = 0;
        {
            const std::lock_guard lock(mutex_);
            if (next_ == items_.size() || has_failed_) {
                return;
            }
            index = next_++;
            ++open_;
        }
        Item& item = items_[index];
        if (item.is_listed) {
            download(item);
        } else {
            look_for(item);
        }
    }

    void download(Item& item) {
        DownloadRequest download;
        download.id = item.id;
        download.sink = std::make_shared<DroppingSink>();
        download.call = limits();
        backend_->download_async(std::move(download),
                                 [self = shared_from_this(), &item](const Result<DownloadReceipt>& receipt) {
                                     if (receipt.ok()) {
                                         item.bytes = receipt->bytes;
                                     } else {
                                         item.failure = receipt.error();
                                     }
                                     self->have_asked(item);
                                 });
    }

    void look_for(Item& item) {
        backend_->exists_async({item.id, limits()},
                               [self = shared_from_this(), &item](const Result<bool>& exists) {
                                   if (exists.ok()) {
                                       item.is_absent = !*exists;
                                   } else {
                                       item.failure = exists.error();
                                   }
                                   self->have_asked(item);
                               });
    }

    void have_asked(const Item& item) {
        step([&]() -> Result<void> {
            if (item.failure && !tells_of_the_file(*item.failure)) {
                const std::lock_guard lock(mutex_);
                has_failed_ = true;
            }
            ask_for_next();
            return release();
        });
    }

    /// Where nothing is asked for any more, the page has ended.
    Result<void> release() {
        bool was_last = false;
        {
            const std::lock_guard lock(mutex_);
            was_last = --open_ == 0;
        }
        return was_last ? end_page() : Result<void>();
    }

    static bool tells_of_the_file(const Error& error) {
        return error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found;
    }

    Result<void> end_page() {
        for (Item& item : items_) {
            FILESTORE_TRY(take(item));
        }
        show_progress();
        if (next_cursor_) {
            list_page(std::move(*next_cursor_));
        } else {
            finish(report_);
        }
        return {};
    }

    Result<void> take(const Item& item) {
        if (!item.failure && !item.is_absent) {
            report_.files += 1;
            report_.bytes += item.bytes;
            return {};
        }
        if (item.failure && !tells_of_the_file(*item.failure)) {
            return *item.failure;
        }
        if (item.is_absent || item.failure->code() == ErrorCode::not_found) {
            return take_absent(item);
        }
        report_.files += 1;
        report_.corrupt += 1;
        return tell({item.id, Damage::corrupt, std::string(item.failure->message()), false});
    }

    /// One that was removed since it was listed is recorded no more.
    Result<void> take_absent(const Item& item) {
        if (!request_.record) {
            return {};
        }
        FILESTORE_TRY_ASSIGN(const bool recorded, request_.record->is_stored(item.id));
        if (!recorded) {
            return {};
        }
        report_.files += 1;
        report_.missing += 1;
        return tell({item.id, Damage::missing, "it is recorded as stored, but it is not there", false});
    }

    Result<void> tell(const VerifyFinding& finding) const {
        return request_.on_finding ? request_.on_finding(finding) : Result<void>();
    }

    void show_progress() const {
        if (request_.progress) {
            request_.progress({report_.files, next_cursor_ ? 0 : report_.files, report_.bytes});
        }
    }

    const std::shared_ptr<StorageBackend> backend_;
    const VerifyRequest request_;
    std::mutex mutex_;
    Completion<VerifyReport> done_;
    /// Of the page under way: changed only while nothing is asked for.
    std::vector<Item> items_;
    std::size_t next_ = 0;
    std::size_t open_ = 0;
    /// A failure that ends the run: the rest of the page is not asked for.
    bool has_failed_ = false;
    std::optional<std::string> next_cursor_;
    /// The last ID of the page before.
    FileId after_;
    VerifyReport report_;
};

}  // namespace

void verify_by_download(std::shared_ptr<StorageBackend> backend, VerifyRequest request,
                        Completion<VerifyReport> done) {
    std::make_shared<Run>(std::move(backend), std::move(request), std::move(done))->list_page({});
}

}  // namespace filestore
