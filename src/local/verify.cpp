#include "local/verify.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "core/call_limits.h"
#include "core/library_thread.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "core/verify_counts.h"
#include "core/worker_thread.h"
#include "local/commit.h"
#include "local/examine.h"
#include "local/id_window.h"
#include "local/quarantine.h"
#include "local/verify_log.h"

namespace filestore::local {

namespace {

constexpr std::size_t read_size = std::size_t{256} * 1024;
constexpr std::chrono::milliseconds progress_interval{100};
constexpr std::chrono::seconds note_interval{1};
/// How long a program that writes in place may be at work on a file without changing it.
constexpr std::chrono::hours longest_pause{1};
constexpr unsigned most_files_between_notes = 1000;
/// A thread for fewer files is not worth its start.
constexpr std::size_t least_files_for_a_thread = 8;

struct Item {
    FileId id;
    bool is_recorded = false;
};

/// The next IDs that are there in any way, in order. A value.
struct Window {
    std::vector<Item> items;
    /// All IDs up to here are among them.
    FileId end;
    bool is_last = false;
    std::uint64_t files_after = 0;
};

/// The last ID up to which all of them are complete; nothing where there are no more IDs at all.
std::optional<FileId> common_end(const IdWindow& files, const IdWindow& sidecars,
                                 const std::vector<FileId>& records, std::size_t most) {
    std::optional<FileId> end;
    const auto limit = [&end](const FileId& last) { end = end ? std::min(*end, last) : last; };
    if (!files.is_last) {
        limit(files.ids.back());
    }
    if (!sidecars.is_last) {
        limit(sidecars.ids.back());
    }
    if (records.size() == most) {
        limit(records.back());
    }
    return end;
}

Result<Window> next_window(const Store& store, StoreRecord* record, const FileId& after, std::size_t most) {
    // The record first: what is removed while the directories are read is recorded as stored no more when it is looked for.
    std::vector<FileId> records;
    if (record != nullptr) {
        FILESTORE_TRY_ASSIGN(records, record->stored_after(after, most));
    }
    FILESTORE_TRY_ASSIGN(IdWindow files, read_id_window(store, Part::data, after, most));
    FILESTORE_TRY_ASSIGN(IdWindow sidecars, read_id_window(store, Part::sidecar, after, most));
    const std::optional<FileId> end = common_end(files, sidecars, records, most);

    std::vector<FileId> ids;
    ids.reserve(std::max({files.ids.size(), sidecars.ids.size(), records.size()}));
    std::set_union(files.ids.begin(), files.ids.end(), sidecars.ids.begin(), sidecars.ids.end(),
                   std::back_inserter(ids));
    Window window;
    window.is_last = !end;
    window.files_after = std::max(files.found, sidecars.found);
    window.items.reserve(ids.size());
    auto recorded = records.begin();
    const auto add = [&](const FileId& id, bool is_recorded) {
        if (!end || id <= *end) {
            window.items.push_back({id, is_recorded});
        }
    };
    for (const FileId& id : ids) {
        for (; recorded != records.end() && *recorded < id; ++recorded) {
            add(*recorded, true);
        }
        const bool is_recorded = recorded != records.end() && *recorded == id;
        recorded += is_recorded ? 1 : 0;
        add(id, is_recorded);
    }
    for (; recorded != records.end(); ++recorded) {
        add(*recorded, true);
    }
    if (end) {
        window.end = *end;
    }
    return window;
}

/// One run. A resource; take() and what stands behind it are called by one thread at a time.
class Run {
public:
    Run(const Store& store, const VerifyRequest& request, const Clock& clock)
        : store_(store), request_(request), clock_(clock) {}

    /// Takes up what a run before has left. Answers the ID to go on after.
    Result<FileId> begin();
    /// Reads a file; again under its lock where it looks damaged. Thread-safe.
    Result<Examined> look_at(const Item& item, std::span<std::byte> buffer) const;
    /// Counts and tells what was seen of a file; moves it where that is asked for.
    Result<void> take(const FileId& id, const Examined& examined);
    /// How many files there are from here on.
    void expect(std::uint64_t files) noexcept { files_total_ = report_.files + files; }
    /// The run has ended before the store did.
    void stop() { note(); }
    VerifyReport finish();

private:
    [[nodiscard]] Result<Examined> look_under_lock(const FileId& id, std::span<std::byte> buffer) const;
    [[nodiscard]] Result<std::optional<FileLock>> lock(const FileId& id) const;
    [[nodiscard]] Result<void> take_log();
    [[nodiscard]] Result<void> take_as_it_is(const FileId& id, const Examined& examined);
    [[nodiscard]] Result<void> repair(const FileId& id);
    [[nodiscard]] Result<void> move_what_remains(const FileId& id);
    void count(const Examined& examined) noexcept;
    [[nodiscard]] Result<void> tell(const VerifyFinding& finding) const;
    void note_now_and_then();
    void note();
    void show_progress_now_and_then();

    const Store& store_;
    const VerifyRequest& request_;
    const Clock& clock_;
    /// Nothing where a run cannot be gone on with.
    std::optional<VerifyLog> log_;
    VerifyReport report_;
    /// All up to here is done.
    FileId last_;
    std::uint64_t files_total_ = 0;
    unsigned files_since_note_ = 0;
    std::chrono::steady_clock::time_point next_note_ = std::chrono::steady_clock::now() + note_interval;
    std::chrono::steady_clock::time_point next_progress_{};
};

Result<FileId> Run::begin() {
    FILESTORE_TRY(take_log());
    if (!log_) {
        return FileId();
    }
    if (!request_.resume) {
        FILESTORE_TRY(log_->start(request_.repair));
        return FileId();
    }
    FILESTORE_TRY_ASSIGN(
        const VerifyLog::Past past,
        log_->resume(request_.repair, [this](const VerifyFinding& finding) { return tell(finding); }));
    report_ = past.report;
    last_ = past.after;
    if (past.moving) {
        FILESTORE_TRY(move_what_remains(*past.moving));
    }
    return last_;
}

/// Another run may have the log, and a full disk has no room for one: that matters only where something depends on it.
Result<void> Run::take_log() {
    auto taken = VerifyLog::take(store_);
    if (taken.ok()) {
        log_ = std::move(*taken);
        return {};
    }
    const bool does_without = taken.error().code() == ErrorCode::conflict || !request_.repair;
    return does_without && !request_.resume ? Result<void>() : Result<void>(taken.error());
}

Result<Examined> Run::look_at(const Item& item, std::span<std::byte> buffer) const {
    const auto as_listed = [&item] { return Result<bool>(item.is_recorded); };
    FILESTORE_TRY_ASSIGN(Examined examined, examine(store_, item.id, as_listed, buffer, request_.call));
    if (!examined.finding) {
        return examined;
    }
    FILESTORE_TRY_ASSIGN(const auto held, lock(item.id));
    return look_under_lock(item.id, buffer);
}

Result<Examined> Run::look_under_lock(const FileId& id, std::span<std::byte> buffer) const {
    const auto as_recorded_now = [&]() -> Result<bool> {
        return request_.record ? request_.record->is_stored(id) : Result<bool>(false);
    };
    FILESTORE_TRY_ASSIGN(Examined examined, examine(store_, id, as_recorded_now, buffer, request_.call));
    if (!examined.lacks_metadata) {
        return examined;
    }
    FILESTORE_TRY_ASSIGN(const bool was_stored, as_recorded_now());
    FILESTORE_TRY_ASSIGN(const bool is_young, has_changed_since(store_, id, clock_.now() - longest_pause));
    if (is_young && !was_stored) {
        examined.finding.reset();
        examined.is_under_way = true;
    }
    return examined;
}

/// Of a file that no operation is unfinished on. Nothing in a store that cannot be written to: nobody stores or removes files there.
Result<std::optional<FileLock>> Run::lock(const FileId& id) const {
    auto taken = FileLock::take(store_, id, request_.call);
    if (taken.ok()) {
        FILESTORE_TRY(settle(store_, id));
        return std::optional(std::move(*taken));
    }
    if (taken.error().code() == ErrorCode::permission_denied) {
        return std::optional<FileLock>();
    }
    return taken.error();
}

Result<void> Run::take(const FileId& id, const Examined& examined) {
    if (request_.repair && examined.can_be_moved()) {
        FILESTORE_TRY(repair(id));
    } else {
        FILESTORE_TRY(take_as_it_is(id, examined));
    }
    note_now_and_then();
    show_progress_now_and_then();
    return {};
}

Result<void> Run::take_as_it_is(const FileId& id, const Examined& examined) {
    count(examined);
    // A log without one of the findings must not be gone on with.
    if (examined.finding && log_ && !log_->note(*examined.finding, report_).ok()) {
        log_.reset();
    }
    last_ = id;
    return examined.finding ? tell(*examined.finding) : Result<void>();
}

/// The file may have been replaced or removed since it was seen: what is moved is what is seen now.
Result<void> Run::repair(const FileId& id) {
    FILESTORE_TRY_ASSIGN(const auto held, lock(id));
    std::vector<std::byte> buffer(read_size);
    FILESTORE_TRY_ASSIGN(Examined examined, look_under_lock(id, buffer));
    if (!examined.can_be_moved()) {
        return take_as_it_is(id, examined);
    }
    examined.finding->quarantined = true;
    count(examined);
    if (log_) {
        FILESTORE_TRY(log_->note(*examined.finding, report_));
    }
    last_ = id;
    FILESTORE_TRY(move_to_quarantine(store_, id));
    return tell(*examined.finding);
}

Result<void> Run::move_what_remains(const FileId& id) {
    FILESTORE_TRY_ASSIGN(const auto held, lock(id));
    std::vector<std::byte> buffer(read_size);
    FILESTORE_TRY_ASSIGN(const Examined examined, look_under_lock(id, buffer));
    return examined.can_be_moved() ? move_to_quarantine(store_, id) : Result<void>();
}

void Run::count(const Examined& examined) noexcept {
    report_.files += examined.is_known ? 1 : 0;
    report_.bytes += examined.bytes;
    report_.unchecked += examined.is_unchecked ? 1 : 0;
    report_.in_quarantine += examined.is_in_quarantine ? 1 : 0;
    report_.under_way += examined.is_under_way ? 1 : 0;
    if (examined.finding) {
        ++count_of(report_, examined.finding->damage);
    }
}

Result<void> Run::tell(const VerifyFinding& finding) const {
    if (!request_.on_finding) {
        return {};
    }
    return call_user(ErrorCode::internal, [&] { return request_.on_finding(finding); });
}

void Run::note_now_and_then() {
    ++files_since_note_;
    if (files_since_note_ >= most_files_between_notes || std::chrono::steady_clock::now() >= next_note_) {
        note();
    }
}

/// Where it fails, another run has to do some files again.
void Run::note() {
    files_since_note_ = 0;
    next_note_ = std::chrono::steady_clock::now() + note_interval;
    if (log_ && !last_.is_nil()) {
        static_cast<void>(log_->note(last_, report_));
    }
}

void Run::show_progress_now_and_then() {
    const auto now = std::chrono::steady_clock::now();
    if (request_.progress && now >= next_progress_) {
        next_progress_ = now + progress_interval;
        request_.progress({report_.files, std::max(files_total_, report_.files), report_.bytes});
    }
}

VerifyReport Run::finish() {
    if (log_) {
        log_->remove();
    }
    if (request_.progress) {
        request_.progress({report_.files, report_.files, report_.bytes});
    }
    return report_;
}

/// The files of a window, looked at by several threads and taken by the run in their order: whichever thread has seen the next one hands on all that are ready.
class WindowWork {
public:
    WindowWork(Run& run, const std::vector<Item>& items) : run_(run), items_(items), seen_(items.size()) {}

    Result<void> work(unsigned parallel);

private:
    void work_on_this_thread() noexcept;
    Result<void> look_at_files();
    Result<void> hand_on(std::size_t index, Examined examined);
    void fail(const Error& error);

    Run& run_;
    const std::vector<Item>& items_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> has_failed_{false};
    std::mutex mutex_;
    std::vector<std::unique_ptr<Examined>> seen_;
    std::size_t taken_ = 0;
    bool is_taking_ = false;
    std::optional<Error> failure_;
};

Result<void> WindowWork::work(unsigned parallel) {
    const std::size_t useful = items_.size() / least_files_for_a_thread + 1;
    std::vector<std::thread> helpers;
    helpers.reserve(parallel);
    try {
        while (helpers.size() + 1 < std::min<std::size_t>(parallel, useful)) {
            helpers.push_back(start_worker([this] {
                const LibraryThreadScope scope;
                work_on_this_thread();
            }));
        }
    } catch (const std::bad_alloc&) {
        // The system gives no more threads: those that there are do the work.
    }
    work_on_this_thread();
    for (std::thread& helper : helpers) {
        helper.join();
    }
    return failure_ ? Result<void>(*failure_) : Result<void>();
}

void WindowWork::work_on_this_thread() noexcept {
    if (auto done = call_user(ErrorCode::internal, [this] { return look_at_files(); }); !done.ok()) {
        fail(done.error());
    }
}

Result<void> WindowWork::look_at_files() {
    std::vector<std::byte> buffer(read_size);
    while (true) {
        const std::size_t index = next_.fetch_add(1);
        if (index >= items_.size() || has_failed_) {
            return {};
        }
        FILESTORE_TRY_ASSIGN(Examined examined, run_.look_at(items_[index], buffer));
        FILESTORE_TRY(hand_on(index, std::move(examined)));
    }
}

Result<void> WindowWork::hand_on(std::size_t index, Examined examined) {
    auto seen = std::make_unique<Examined>(std::move(examined));
    std::unique_lock lock(mutex_);
    seen_[index] = std::move(seen);
    if (std::exchange(is_taking_, true)) {
        return {};
    }
    while (taken_ < items_.size() && seen_[taken_]) {
        const auto next = std::move(seen_[taken_]);
        lock.unlock();
        FILESTORE_TRY(run_.take(items_[taken_].id, *next));
        lock.lock();
        ++taken_;
    }
    is_taking_ = false;
    return {};
}

void WindowWork::fail(const Error& error) {
    has_failed_ = true;
    const std::lock_guard lock(mutex_);
    if (!failure_) {
        failure_ = error;
    }
}

Result<void> verify_windows(const Store& store, const VerifyRequest& request, Run& run, FileId after,
                            std::size_t most) {
    while (true) {
        FILESTORE_TRY(check_call_limits(request.call.cancel, request.call.deadline));
        FILESTORE_TRY_ASSIGN(const Window window, next_window(store, request.record.get(), after, most));
        run.expect(window.files_after);
        FILESTORE_TRY(WindowWork(run, window.items).work(request.parallel));
        if (window.is_last) {
            return {};
        }
        after = window.end;
    }
}

}  // namespace

Result<VerifyReport> verify_store(const Store& store, const VerifyRequest& request, const Clock& clock,
                                  std::size_t window) {
    Run run(store, request, clock);
    FILESTORE_TRY_ASSIGN(const FileId after, run.begin());
    const auto verified = verify_windows(store, request, run, after, window);
    if (!verified.ok()) {
        run.stop();
        return verified.error();
    }
    return run.finish();
}

}  // namespace filestore::local
