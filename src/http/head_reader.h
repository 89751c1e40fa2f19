#pragma once

/// Gathers the head of an answer from its lines, and refuses what no honest server sends. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/transport.h"

namespace filestore::http {

/// A value; one thread at a time.
class HeadReader {
public:
    /// The next line, with or without its line break: of an informational answer, of the final answer, or of the trailers after its body.
    /// `corrupt` where there are too many lines, bytes or informational answers, or where two lengths are given. May throw std::bad_alloc.
    [[nodiscard]] Result<void> take(std::string_view line);

    /// What has come of the last head that began.
    [[nodiscard]] const ResponseHead& head() const noexcept { return head_; }

    /// The blank line after it has come.
    [[nodiscard]] bool is_complete() const noexcept { return complete_; }

    /// Some of the final answer has come.
    [[nodiscard]] bool is_final() const noexcept { return head_.status >= 200; }

    /// All bytes taken.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    void begin(std::string_view line);
    [[nodiscard]] Result<void> add(std::string_view name, std::string_view value);
    [[nodiscard]] Result<void> check_length(std::string_view values);

    ResponseHead head_;
    bool complete_ = false;
    std::optional<std::string> length_;
    std::uint64_t bytes_ = 0;
    std::size_t lines_ = 0;
    std::size_t informational_ = 0;
};

}  // namespace filestore::http
