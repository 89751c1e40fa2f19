#include "serve/openai/parts_source.h"

#include <algorithm>
#include <mutex>
#include <stop_token>
#include <utility>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/try.h"
#include "serve/body_memory.h"
#include "serve/byte_queue.h"

namespace filestore::tool::serve::openai {

namespace {

/// What has been read of the parts and not been taken by the upload. A resource, shared by both; thread-safe.
class PartsQueue : public std::enable_shared_from_this<PartsQueue> {
public:
    PartsQueue(PartsStore& store, BodyMemory& memory, std::vector<HeldPart> parts)
        : store_(store), parts_(std::move(parts)), queue_(memory) {}

    [[nodiscard]] Result<IoStep> take(std::span<std::byte> into, const Wake& wake);
    [[nodiscard]] Result<IoStep> add(std::span<const std::byte> bytes, const Wake& wake);
    /// Nobody takes anything any more.
    void abandon();

private:
    /// As a download wants it. A resource; one thread at a time.
    class PartSink final : public Sink {
    public:
        explicit PartSink(std::shared_ptr<PartsQueue> queue) : queue_(std::move(queue)) {}
        [[nodiscard]] Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) override {
            return queue_->add(bytes, wake);
        }
        [[nodiscard]] bool blocking() const noexcept override { return false; }

    private:
        const std::shared_ptr<PartsQueue> queue_;
    };

    static constexpr std::size_t most_waiting = BodyMemory::large_share;

    void read_next();
    void ended(const Result<void>& read);
    static void wake_up(std::optional<Wake>& whom, std::unique_lock<std::mutex>& lock);

    PartsStore& store_;
    const std::vector<HeldPart> parts_;
    std::stop_source stop_;
    std::mutex mutex_;
    ByteQueue queue_;
    std::size_t next_ = 0;
    bool is_reading_ = false;
    std::optional<Wake> taker_;
    std::optional<Wake> adder_;
    std::optional<Error> failure_;
};

void PartsQueue::wake_up(std::optional<Wake>& whom, std::unique_lock<std::mutex>& lock) {
    const auto woken = std::exchange(whom, std::nullopt);
    lock.unlock();
    if (woken) {
        (*woken)();
    }
}

Result<IoStep> PartsQueue::take(std::span<std::byte> into, const Wake& wake) {
    std::unique_lock lock(mutex_);
    if (!queue_.empty()) {
        const std::size_t count = queue_.take(reinterpret_cast<char*>(into.data()), into.size());
        wake_up(adder_, lock);
        return IoStep{count, false};
    }
    if (failure_) {
        return *failure_;
    }
    if (!is_reading_ && next_ == parts_.size()) {
        return IoStep{0, false};
    }
    taker_ = wake;
    const bool has_to_begin = !std::exchange(is_reading_, true);
    lock.unlock();
    if (has_to_begin) {
        read_next();
    }
    return IoStep{0, true};
}

/// For who has set `is_reading_`.
void PartsQueue::read_next() {
    const FileId id = parts_[next_++].id;
    store_.read(id, std::make_shared<PartSink>(shared_from_this()), stop_.get_token(),
                [self = shared_from_this()](const Result<void>& read) { self->ended(read); });
}

void PartsQueue::ended(const Result<void>& read) {
    std::unique_lock lock(mutex_);
    if (read.ok() && next_ < parts_.size()) {
        lock.unlock();
        return read_next();
    }
    is_reading_ = false;
    if (!read.ok()) {
        failure_ = read.error();
    }
    wake_up(taker_, lock);
}

Result<IoStep> PartsQueue::add(std::span<const std::byte> bytes, const Wake& wake) {
    std::unique_lock lock(mutex_);
    if (queue_.size() >= most_waiting) {
        adder_ = wake;
        return IoStep{0, true};
    }
    const auto taken = bytes.first(std::min(bytes.size(), most_waiting - queue_.size()));
    queue_.add({reinterpret_cast<const char*>(taken.data()), taken.size()});
    wake_up(taker_, lock);
    return IoStep{taken.size(), false};
}

void PartsQueue::abandon() {
    stop_.request_stop();
    std::unique_lock lock(mutex_);
    queue_.clear();
    wake_up(adder_, lock);
}

/// A resource; one thread at a time.
class PartsSource final : public Source {
public:
    PartsSource(std::shared_ptr<PartsQueue> queue, std::uint64_t size, std::optional<std::string> md5)
        : queue_(std::move(queue)), size_(size), wanted_(std::move(md5)) {}
    ~PartsSource() override { queue_->abandon(); }

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        FILESTORE_TRY_ASSIGN(const IoStep step, queue_->take(into, wake));
        given_ += step.bytes;
        if (wanted_) {
            md5_.update(into.first(step.bytes));
            const bool is_whole = step.bytes > 0 && given_ == size_;
            if (is_whole && to_hex(md5_.finish()) != *wanted_) {
                ErrorDetails details;
                details.server_code = md5_rule;
                return Error(ErrorCode::rejected,
                             "the bytes that came are not those of the md5 that was sent",
                             std::move(details));
            }
        }
        return step;
    }
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return size_; }
    [[nodiscard]] bool blocking() const noexcept override { return false; }

private:
    const std::shared_ptr<PartsQueue> queue_;
    const std::uint64_t size_;
    const std::optional<std::string> wanted_;
    std::uint64_t given_ = 0;
    Md5 md5_;
};

}  // namespace

std::shared_ptr<Source> source_of_parts(const Context& context, std::vector<HeldPart> parts,
                                        std::optional<std::string> md5) {
    std::uint64_t size = 0;
    for (const HeldPart& part : parts) {
        size += part.size;
    }
    return std::make_shared<PartsSource>(
        std::make_shared<PartsQueue>(context.parts, context.body_memory, std::move(parts)), size,
        std::move(md5));
}

}  // namespace filestore::tool::serve::openai
