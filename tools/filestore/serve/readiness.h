#pragma once

/// Whether the store answers, for anybody who asks, as often as they like.

#include <functional>
#include <memory>
#include <stop_token>

#include "filestore/service.h"

namespace filestore::tool::serve {

/// Asks the store at most once a second, and one time only at a time: who asks meanwhile is told the same. A resource; thread-safe.
class Readiness {
public:
    /// Calls end with `end`.
    Readiness(FileService& service, std::stop_token end);

    /// `answer` is called with what the store said, at once or on a thread of the store.
    void ask(std::function<void(const Result<void>&)> answer);

private:
    struct State;

    FileService& service_;
    const std::stop_token end_;
    const std::shared_ptr<State> state_;
};

}  // namespace filestore::tool::serve
