#pragma once

/// Uses streams without a backend.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/stream_calls.h"
#include "core/try.h"
#include "filestore/stream.h"

namespace filestore::test {

[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// A wake that wakes nobody.
[[nodiscard]] inline Wake no_wake() {
    class Nobody final : public Wake::Target {
        void wake() noexcept override {}
        void wake_when_ready(int, bool) noexcept override {}
    };
    return Wake(std::make_shared<Nobody>());
}

/// Everything that a source which never answers would_block gives, in reads of at most `piece` bytes.
[[nodiscard]] inline Result<std::string> read_all(Source& source, std::size_t piece) {
    std::string all;
    std::vector<std::byte> room(piece);
    while (true) {
        FILESTORE_TRY_ASSIGN(const IoStep step, read_source(source, room, no_wake()));
        if (step.would_block) {
            return Error(ErrorCode::internal, "would block");
        }
        if (step.bytes == 0) {
            return all;
        }
        all.append(reinterpret_cast<const char*>(room.data()), step.bytes);
    }
}

/// Reads one step and says in words what it did: the bytes, "(end)", "(would block)" or the code's name.
[[nodiscard]] inline std::string read_step(Source& source, std::size_t room) {
    std::vector<std::byte> bytes(room);
    const auto step = read_source(source, bytes, no_wake());
    if (!step.ok()) {
        return std::string(to_string(step.error().code()));
    }
    if (step->would_block) {
        return "(would block)";
    }
    return step->bytes == 0 ? "(end)" : std::string(reinterpret_cast<const char*>(bytes.data()), step->bytes);
}

}  // namespace filestore::test
