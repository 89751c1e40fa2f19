#include "filestore/file_exporter.h"

#include <condition_variable>
#include <mutex>
#include <new>
#include <stop_token>
#include <thread>
#include <utility>

#include "core/blocking_call.h"
#include "core/library_thread.h"
#include "core/pending_answer.h"
#include "core/reactor.h"
#include "core/thread_pool.h"
#include "core/try.h"
#include "core/worker_thread.h"
#include "export/exporter_parts.h"
#include "http/curl_transport.h"

namespace filestore {

namespace {

/// Files that are sent at one time; calls behind them wait.
constexpr unsigned most_calls = 8;
constexpr std::uint64_t largest_part = std::uint64_t{64} << 20U;

Result<void> check_options(const ExporterOptions& options) {
    if (!options.backend) {
        return Error(ErrorCode::invalid_argument, "an exporter needs a backend");
    }
    if (options.catalogue_path.empty() || options.catalogue_path == "off") {
        return Error(
            ErrorCode::configuration,
            "the catalogue keeps track of copies at providers, and it is off: leave out catalogue_path");
    }
    if (options.part_size < 1 || options.part_size > largest_part) {
        return Error(ErrorCode::invalid_argument, "part_size must be 1 byte to 64 MiB");
    }
    if (options.retry.max_attempts < 1) {
        return Error(ErrorCode::invalid_argument, "max_attempts must be at least 1");
    }
    if (options.settle_interval < std::chrono::seconds(1)) {
        return Error(ErrorCode::invalid_argument, "settle_interval must be at least a second");
    }
    return {};
}

http::TransportOptions transport_options(const ExporterOptions& options,
                                         const std::shared_ptr<Reactor>& reactor) {
    http::TransportOptions transport;
    transport.event_loops = 1;
    transport.max_connections = 2 * most_calls;
    transport.ca_file = options.ca_file;
    transport.reactor = reactor;
    return transport;
}

/// What start() has done again and again. A resource held by std::shared_ptr, also by its thread; thread-safe.
class RepeatedSettling {
public:
    void request_stop() {
        stop_.request_stop();
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
    }

    void run(const ExporterParts& parts) noexcept {
        const LibraryThreadScope scope;
        while (!stop_.stop_requested()) {
            settle_once(parts);
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, parts.options.settle_interval, [this] { return stop_.stop_requested(); });
        }
    }

private:
    /// What fails is noted in its row, told, and tried the next time.
    void settle_once(const ExporterParts& parts) noexcept {
        try {
            SettleRequest all;
            all.call.cancel = stop_.get_token();
            const auto report = settle_copies(parts, all);
            if (parts.options.on_settled && !stop_.stop_requested()) {
                parts.options.on_settled(report);
            }
        } catch (const std::bad_alloc&) {
            return;
        }
    }

    std::stop_source stop_;
    std::mutex mutex_;
    std::condition_variable changed_;
};

}  // namespace

/// Shared by the exporter and its calls, which may outlive it by a moment. Calls wait for providers, so they run on threads of their own.
class FileExporter::Impl {
public:
    explicit Impl(ExporterOptions options)
        : reactor_(std::make_shared<Reactor>()),
          callers_(std::make_shared<ThreadPool>(ThreadPoolOptions{.max_threads = most_calls})),
          pending_(std::make_shared<PendingCalls>()) {
        if (!options.clock) {
            options.clock = system_clock();
        }
        parts_.record = std::make_shared<CopyRecord>(options.catalogue_path);
        parts_.transport = http::make_curl_transport(transport_options(options, reactor_));
        parts_.options = std::move(options);
    }

    [[nodiscard]] bool forked() const noexcept { return pending_->forked(); }

    /// `work` gets the request with a token that also the exporter's end requests.
    template <class T, class Request>
    void run(Request request, Completion<T> done, Result<T> (*work)(const ExporterParts&, const Request&)) {
        const auto answer = begin_call<T>(*pending_, request.call.cancel, std::move(done));
        if (!answer) {
            return;
        }
        step_of(*answer, *callers_, [&] {
            request.call.cancel = answer->token();
            callers_->post([parts = parts_, callers = callers_, answer, work, request = std::move(request)] {
                step_of(*answer, *callers, [&] { answer->give(work(parts, request)); });
            });
        });
    }

    Result<void> start() {
        if (forked()) {
            return Error(ErrorCode::forked,
                         "the exporter was opened before fork; open it again in the child");
        }
        const std::lock_guard lock(mutex_);
        if (settler_.joinable()) {
            return {};
        }
        settler_ = start_worker([settling = settling_, parts = parts_] { settling->run(parts); });
        return {};
    }

    /// Ends every call, then the threads; on a library thread those end by themselves.
    void close() noexcept {
        settling_->request_stop();
        const bool have_ended = pending_->close();
        if (!have_ended) {
            if (settler_.joinable()) {
                settler_.detach();
            }
            return;
        }
        join_or_detach(settler_);
        parts_.transport->close();
        callers_->join();
        reactor_->join();
    }

private:
    ExporterParts parts_;
    const std::shared_ptr<Reactor> reactor_;
    const std::shared_ptr<ThreadPool> callers_;
    const std::shared_ptr<PendingCalls> pending_;
    const std::shared_ptr<RepeatedSettling> settling_ = std::make_shared<RepeatedSettling>();
    std::mutex mutex_;
    std::thread settler_;
};

Result<FileExporter> FileExporter::open(ExporterOptions options) {
    FILESTORE_TRY(check_options(options));
    try {
        return FileExporter(std::make_shared<Impl>(std::move(options)));
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

FileExporter::FileExporter(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
FileExporter::FileExporter(FileExporter&& other) noexcept = default;

FileExporter& FileExporter::operator=(FileExporter&& other) noexcept {
    const FileExporter ended(std::move(*this));
    impl_ = std::move(other.impl_);
    return *this;
}

FileExporter::~FileExporter() {
    if (!impl_) {
        return;
    }
    if (impl_->forked()) {
        // The threads that would be joined and the connections that would be closed are the parent's.
        new (std::nothrow) std::shared_ptr<Impl>(std::move(impl_));
        return;
    }
    impl_->close();
}

void FileExporter::send_async(ExportRequest request, Completion<ExportReceipt> done) {
    impl_->run<ExportReceipt>(std::move(request), std::move(done), &send_file);
}

void FileExporter::copies_async(CopiesRequest request, Completion<std::vector<ProviderCopy>> done) {
    impl_->run<std::vector<ProviderCopy>>(std::move(request), std::move(done), &read_copies);
}

void FileExporter::unsend_async(UnsendRequest request, Completion<SettleReport> done) {
    impl_->run<SettleReport>(std::move(request), std::move(done), &unsend_file);
}

void FileExporter::settle_async(SettleRequest request, Completion<SettleReport> done) {
    impl_->run<SettleReport>(std::move(request), std::move(done), &settle_copies);
}

void FileExporter::settle_async(const CallOptions& options, Completion<SettleReport> done) {
    settle_async(SettleRequest{{}, options}, std::move(done));
}

Result<ExportReceipt> FileExporter::send(ExportRequest request) {
    return wait_for<ExportReceipt>([&](auto done) { send_async(std::move(request), std::move(done)); });
}

Result<std::vector<ProviderCopy>> FileExporter::copies(CopiesRequest request) {
    return wait_for<std::vector<ProviderCopy>>(
        [&](auto done) { copies_async(std::move(request), std::move(done)); });
}

Result<SettleReport> FileExporter::unsend(UnsendRequest request) {
    return wait_for<SettleReport>([&](auto done) { unsend_async(std::move(request), std::move(done)); });
}

Result<SettleReport> FileExporter::settle(SettleRequest request) {
    return wait_for<SettleReport>([&](auto done) { settle_async(std::move(request), std::move(done)); });
}

Result<SettleReport> FileExporter::settle(const CallOptions& options) {
    return settle(SettleRequest{{}, options});
}

Result<void> FileExporter::start() {
    try {
        return impl_->start();
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace filestore
