#pragma once

/// A small S3 server on the loopback interface that fails as it is told to: see FaultPlan. What it keeps is model_store.h's.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "wire/model_store.h"

namespace filestore::test {

/// What becomes of one request instead of its answer.
enum class RequestFault {
    /// Not done; status 500, which does not tell that.
    internal_error,
    /// Not done; status 503.
    slow_down,
    /// Not done; the connection is reset.
    reset,
    /// Done; the connection is closed without a byte of the answer.
    swallowed_answer,
    /// Done; the connection stays open, and nothing comes.
    no_answer,
    /// Done; the answer's document is cut short, in a body of the right length.
    unreadable_answer,
    /// Not done; an error document with status 200, for requests whose answers begin before they are done. Others are done and answered.
    error_in_success,
};

/// What goes wrong. Bytes and requests are counted from when the plan was set, over all connections. A value.
struct FaultPlan {
    /// The connection is cut once so many bytes have come in all, and nothing is done of what they ended.
    std::optional<std::uint64_t> cut_after_received;
    /// The connection is cut once so many bytes of answers have gone out in all. What was asked for has been done.
    std::optional<std::uint64_t> cut_after_sent;
    /// The cut is a reset; else what a program that ends leaves: an end of the stream.
    bool by_reset = false;
    /// After the first cut each further connection is reset, too.
    bool stays_down = false;
    /// By the request's number, from 1.
    std::map<std::size_t, RequestFault> requests;
    /// The fault that befalls a request by what it is and its number; asked where `requests` has none for it. Called on the server's thread.
    std::function<std::optional<RequestFault>(const ModelRequest& request, std::size_t number)> decide;
    /// Called with each request that is to be done, before it is done, under the lock of the store.
    std::function<void(const ModelRequest& request, ModelStore& store)> before;
};

/// A resource; thread-safe.
class ModelS3 {
public:
    ModelS3();
    ~ModelS3();
    ModelS3(const ModelS3&) = delete;
    ModelS3& operator=(const ModelS3&) = delete;

    [[nodiscard]] std::string endpoint() const;

    /// Forgets the plan before, with its counts; connections stay open.
    void set(FaultPlan plan);

    /// How many faults of the plan have come true.
    [[nodiscard]] std::size_t fired() const;
    /// What was asked for since the plan was set: the operations, in the order of their arrival.
    [[nodiscard]] std::vector<std::string> operations() const;
    /// How many uploads were begun of which the client cannot know: no whole answer told their ID. Since the plan was set.
    [[nodiscard]] std::size_t lost_uploads() const;

    /// Looks at, or changes, what is stored, while nothing is done on it.
    template <class Use>
    auto with_store(Use use) {
        const std::lock_guard lock(mutex_);
        return use(store_);
    }
    [[nodiscard]] std::optional<std::string> object(const std::string& key);
    [[nodiscard]] std::size_t uploads();
    void store(const std::string& key, const std::string& bytes);

private:
    class Loop;

    mutable std::mutex mutex_;
    ModelStore store_;
    FaultPlan plan_;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
    std::size_t fired_ = 0;
    std::vector<std::string> operations_;
    std::size_t lost_uploads_ = 0;

    std::unique_ptr<Loop> loop_;
};

}  // namespace filestore::test
