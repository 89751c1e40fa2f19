#pragma once

/// Calls into the caller's streams and hooks: an exception that one throws in spite of the contract becomes an Error.

#include <utility>

#include "filestore/stream.h"

namespace filestore {

/// What the exception that is being handled becomes: `code`, or no_memory for std::bad_alloc. Called in a catch clause only.
[[nodiscard]] Error thrown_error(ErrorCode code) noexcept;

/// Runs `call`; an exception becomes an Error.
template <class Call>
[[nodiscard]] auto call_user(ErrorCode code, Call&& call) -> decltype(call()) {
    try {
        return std::forward<Call>(call)();
    } catch (...) {
        return thrown_error(code);
    }
}

[[nodiscard]] inline Result<IoStep> read_source(Source& source, std::span<std::byte> into, const Wake& wake) {
    auto step = call_user(ErrorCode::source_failed, [&] { return source.read(into, wake); });
    if (step.ok() && step->bytes > into.size()) {
        return Error(ErrorCode::source_failed,
                     "the source's read() said that it gave more bytes than there was room for");
    }
    return step;
}

[[nodiscard]] inline Result<IoStep> write_sink(Sink& sink, std::span<const std::byte> bytes,
                                               const Wake& wake) {
    auto step = call_user(ErrorCode::sink_failed, [&] { return sink.write(bytes, wake); });
    if (step.ok() && (step->bytes > bytes.size() || (step->bytes == 0 && !step->would_block))) {
        return Error(ErrorCode::sink_failed,
                     "the sink's write() took none or more bytes than it was given: it must take 1 to all");
    }
    return step;
}

[[nodiscard]] inline Result<void> finish_sink(Sink& sink) {
    return call_user(ErrorCode::sink_failed, [&] { return sink.finish(); });
}

/// "the source ended after 5 of the 7 bytes that it declared".
[[nodiscard]] Error source_size_error(std::uint64_t declared, std::uint64_t delivered);

}  // namespace filestore
