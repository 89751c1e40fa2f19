#pragma once

/// Header-only adapters between std::istream/std::ostream and the library's streams. They block, so the library calls them on
/// its executor. The caller keeps the standard stream alive until the call has completed, and does not touch it meanwhile.

#include <istream>
#include <memory>
#include <ostream>

#include "filestore/stream.h"

namespace filestore {

/// Reads `in` from its position to its end. Of unknown size; does not rewind. A stream that goes bad fails the upload
/// with `source_failed`.
[[nodiscard]] inline std::shared_ptr<Source> source_from_istream(std::istream& in) {
    CallbackSource callbacks;
    callbacks.read = [&in](std::span<std::byte> into, const Wake&) -> Result<IoStep> {
        in.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
        if (in.bad() || (in.fail() && !in.eof())) {
            return Error(ErrorCode::source_failed, "reading the std::istream failed");
        }
        return IoStep{static_cast<std::size_t>(in.gcount()), false};
    };
    return source_from_callback(std::move(callbacks));
}

/// Writes to `out` at its position and flushes it at the end. A stream that goes bad fails the download with
/// `sink_failed`.
[[nodiscard]] inline std::shared_ptr<Sink> sink_to_ostream(std::ostream& out) {
    CallbackSink callbacks;
    callbacks.write = [&out](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        if (!out) {
            return Error(ErrorCode::sink_failed, "writing the std::ostream failed");
        }
        return IoStep{bytes.size(), false};
    };
    callbacks.finish = [&out]() -> Result<void> {
        if (!out.flush()) {
            return Error(ErrorCode::sink_failed, "flushing the std::ostream failed");
        }
        return {};
    };
    return sink_to_callback(std::move(callbacks));
}

}  // namespace filestore
