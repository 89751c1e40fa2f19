#pragma once

/// The first bytes of a source, looked at before anything is stored.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/job.h"
#include "filestore/error.h"
#include "filestore/stream.h"

namespace filestore::validation {

/// A value.
struct Beginning {
    std::vector<std::byte> bytes{};
    /// Gives all bytes, these first: the same source where that can be rewound.
    std::shared_ptr<Source> source{};
    /// Where the source failed behind these bytes; what gives all bytes does so, too.
    std::optional<Error> failure{};
};

/// Reads up to `most` bytes and calls `done` on the executor; fails with `cancelled`, `timeout`, `no_memory`. Holds no thread while the source has nothing to give.
void read_beginning(const Runtime& runtime, std::shared_ptr<Source> source, std::size_t most,
                    std::stop_token stop, std::optional<std::chrono::steady_clock::time_point> deadline,
                    std::function<void(Result<Beginning>)> done);

}  // namespace filestore::validation
