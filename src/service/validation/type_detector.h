#pragma once

/// What a content is, by libmagic: the only place that includes it.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "filestore/result.h"

namespace filestore::validation {

/// As many bytes of a file as are looked at.
inline constexpr std::size_t looked_at_bytes = std::size_t{8} * 1024;

/// Whether this library was built with libmagic.
[[nodiscard]] bool can_detect_types() noexcept;

/// A resource; thread-safe.
class TypeDetector {
public:
    /// A compiled database, or the system's where it is empty. Opens nothing yet.
    explicit TypeDetector(std::string database);
    TypeDetector(const TypeDetector&) = delete;
    TypeDetector& operator=(const TypeDetector&) = delete;
    ~TypeDetector();

    /// A media type such as "image/png", "application/octet-stream" where it is not known. `configuration` where the database cannot be read. Reads it the first time, and whenever more
    /// threads ask at once than did before.
    [[nodiscard]] Result<std::string> type_of(std::span<const std::byte> beginning);

private:
    class Cookies;
    std::unique_ptr<Cookies> cookies_;
};

}  // namespace filestore::validation
