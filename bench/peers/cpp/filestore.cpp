/// libfilestore's S3Client, with its own options but for as many connections as there are calls. By blocking calls on threads (mode=blocking), or started one by
/// another's completion on the client's own threads (mode=async) or on this one, which then is the executor (mode=loop). mode=crc is blocking, with a CRC64NVME of every upload.

#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "filestore/s3_client.h"
#include "measure.h"

namespace {

using namespace filestore;
using measure::Clock;
using measure::Job;

/// Runs tasks on the thread that calls run_until().
class LoopExecutor final : public Executor {
public:
    void post(std::function<void()> task) override {
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
        }
        posted_.notify_one();
    }

    template <class Done>
    void run_until(const Done& done) {
        std::vector<std::function<void()>> taken;
        while (!done()) {
            {
                std::unique_lock lock(mutex_);
                posted_.wait(lock, [this] { return !tasks_.empty(); });
                taken.swap(tasks_);
            }
            for (auto& task : taken) {
                task();
            }
            taken.clear();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable posted_;
    std::vector<std::function<void()>> tasks_;
};

S3ClientOptions options_of(const Job& job) {
    S3ClientOptions options;
    options.endpoint = job.endpoint;
    options.region = measure::region;
    options.credentials.access_key = job.access_key;
    options.credentials.secret_key = SecretString(job.secret_key);
    options.payload_signing =
        job.signed_payload ? S3PayloadSigning::signed_payload : S3PayloadSigning::unsigned_payload;
    options.max_connections = std::max(options.max_connections, 2 * static_cast<unsigned>(job.concurrency));
    if (job.mode == "crc") {
        options.profile = "minio";
    }
    return options;
}

template <class T>
T value_of(Result<T> result) {
    if (!result.ok()) {
        measure::give_up(std::string(result.error().message()));
    }
    return std::move(*result);
}

/// What the calls are made of.
class Calls {
public:
    Calls(const Job& job, S3Client& client)
        : job_(job), client_(client), payload_(measure::payload_of(job)) {}

    /// Answers whether the call succeeded.
    [[nodiscard]] bool make(std::size_t number) {
        if (job_.operation == "put") {
            return succeeded(client_.put(put_of(number)));
        }
        if (job_.operation == "get") {
            const auto got = client_.get(get_of(number));
            return succeeded(got) && got->bytes == job_.size;
        }
        if (job_.operation == "head") {
            const auto info = client_.head(object_of(number));
            return succeeded(info) && info->size == job_.size;
        }
        if (job_.operation == "delete") {
            return succeeded(client_.remove(object_of(number)));
        }
        return list();
    }

    /// `done` gets whether it succeeded.
    template <class Done>
    void start(std::size_t number, Done done) {
        if (job_.operation == "put") {
            client_.put_async(put_of(number), answer_to<S3PutResult>(std::move(done)));
        } else if (job_.operation == "get") {
            client_.get_async(get_of(number), answer_to<S3GetResult>(std::move(done)));
        } else if (job_.operation == "head") {
            client_.head_async(object_of(number), answer_to<S3ObjectInfo>(std::move(done)));
        } else if (job_.operation == "delete") {
            client_.remove_async(object_of(number), answer_to<S3RemoveResult>(std::move(done)));
        } else {
            measure::give_up("lists are made by blocking calls");
        }
    }

private:
    template <class T>
    static bool succeeded(const Result<T>& result) {
        if (!result.ok()) {
            std::fprintf(stderr, "%s\n", std::string(result.error().message()).c_str());
        }
        return result.ok();
    }

    template <class T, class Done>
    static Completion<T> answer_to(Done done) {
        return [done = std::move(done)](const Result<T>& result) { done(succeeded(result)); };
    }

    [[nodiscard]] S3PutRequest put_of(std::size_t number) const {
        S3PutRequest request;
        request.bucket = job_.bucket;
        request.key = job_.key(number);
        request.source = !job_.file.empty() ? value_of(source_from_path(job_.file))
                         : job_.pipe        ? value_of(source_from_descriptor(STDIN_FILENO))
                                            : source_from_span(std::as_bytes(std::span(payload_)));
        return request;
    }

    [[nodiscard]] S3GetRequest get_of(std::size_t number) const {
        S3GetRequest request;
        request.bucket = job_.bucket;
        request.key = job_.key(number);
        request.sink = job_.file.empty() ? dropping_sink() : value_of(sink_to_path(job_.file));
        return request;
    }

    static std::shared_ptr<Sink> dropping_sink() {
        CallbackSink callbacks;
        callbacks.blocking = false;
        callbacks.write = [](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
            return IoStep{bytes.size(), false};
        };
        return sink_to_callback(std::move(callbacks));
    }

    [[nodiscard]] S3ObjectRequest object_of(std::size_t number) const {
        S3ObjectRequest request;
        request.bucket = job_.bucket;
        request.key = job_.key(number);
        return request;
    }

    bool list() {
        S3ListRequest request;
        request.bucket = job_.bucket;
        request.prefix = job_.list_prefix();
        std::size_t seen = 0;
        while (true) {
            const auto page = client_.list(request);
            if (!succeeded(page)) {
                return false;
            }
            seen += page->objects.size();
            if (!page->next) {
                return seen == job_.size;
            }
            request.cursor = *page->next;
        }
    }

    const Job& job_;
    S3Client& client_;
    const std::string payload_;
};

/// Keeps as many calls under way as the job says; each completion starts the next.
class Chain {
public:
    Chain(const Job& job, Calls& calls) : job_(job), calls_(calls), meter_(job) {}

    void start() {
        meter_.start();
        for (std::size_t at = 0; at < std::min(job_.concurrency, job_.count); ++at) {
            next();
        }
    }

    [[nodiscard]] bool is_finished() const { return finished_.load() == job_.count; }

    void wait() {
        for (std::size_t finished = finished_; finished != job_.count; finished = finished_) {
            finished_.wait(finished);
        }
    }

    void print() { meter_.print(); }

private:
    void next() {
        const std::size_t number = started_++;
        if (number >= job_.count) {
            return;
        }
        calls_.start(number, [this, number, began = Clock::now()](bool succeeded) {
            meter_.answered(number, began, succeeded);
            next();
            if (finished_.fetch_add(1) + 1 == job_.count) {
                finished_.notify_all();
            }
        });
    }

    const Job& job_;
    Calls& calls_;
    measure::Meter meter_;
    std::atomic<std::size_t> started_{0};
    std::atomic<std::size_t> finished_{0};
};

}  // namespace

int main(int count, char** words) {
    const Job job = measure::job_of(count, words);
    S3ClientOptions options = options_of(job);
    const auto loop = std::make_shared<LoopExecutor>();
    if (job.mode == "loop") {
        options.executor = loop;
    }
    S3Client client = value_of(S3Client::open(std::move(options)));
    Calls calls(job, client);
    if (job.mode == "async" || job.mode == "loop") {
        Chain chain(job, calls);
        chain.start();
        if (job.mode == "loop") {
            loop->run_until([&chain] { return chain.is_finished(); });
        } else {
            chain.wait();
        }
        chain.print();
    } else {
        measure::run_threads(job, [&calls](std::size_t, std::size_t number) { return calls.make(number); });
    }
}
