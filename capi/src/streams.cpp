#include "streams.h"

#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "arguments.h"
#include "callbacks.h"

namespace filestore::capi {

Error caller_error(ErrorCode code, std::string_view callback, std::int32_t caller_code) {
    ErrorDetails details;
    details.caller_code = caller_code;
    return Error(code,
                 "the caller's " + std::string(callback) + " failed with " + std::to_string(caller_code),
                 details);
}

Result<void> call_back(ErrorCode code, std::string_view callback, FunctionRef<std::int32_t()> call) {
    std::int32_t caller_code = 0;
    try {
        caller_code = call();
    } catch (...) {
        return Error(code, "the caller's " + std::string(callback) + " threw an exception");
    }
    if (caller_code != 0) {
        return caller_error(code, callback, caller_code);
    }
    return {};
}

namespace {

Result<IoStep> read_from(const Reader& reader, std::span<std::byte> into) {
    std::size_t length = 0;
    FILESTORE_TRY(call_back(ErrorCode::source_failed, "reader",
                            [&] { return reader.read(reader.context, into.data(), into.size(), &length); }));
    if (length > into.size()) {
        return Error(ErrorCode::source_failed, "the caller's reader reports " + std::to_string(length) +
                                                   " bytes where " + std::to_string(into.size()) + " fit");
    }
    return IoStep{length, false};
}

/// Memory that is filled from its start. A value.
struct Memory {
    std::span<std::byte> all;
    std::size_t taken = 0;

    Result<IoStep> take(std::span<const std::byte> bytes) {
        if (bytes.size() > all.size() - taken) {
            return Error(ErrorCode::sink_failed,
                         "the file has more bytes than the " + std::to_string(all.size()) + " that fit");
        }
        if (!bytes.empty()) {
            std::memcpy(all.data() + taken, bytes.data(), bytes.size());
        }
        taken += bytes.size();
        return IoStep{bytes.size(), false};
    }
};

}  // namespace

Result<std::shared_ptr<Source>> source_from_reader(const Reader& reader) {
    FILESTORE_TRY(require(reader.read, "read"));
    CallbackSource callbacks;
    callbacks.read = [reader](std::span<std::byte> into, const Wake&) { return read_from(reader, into); };
    if (reader.size != FILESTORE_UNKNOWN_SIZE) {
        callbacks.size = reader.size;
    }
    if (reader.rewind != nullptr) {
        callbacks.rewind = [reader] {
            return call_back(ErrorCode::source_failed, "rewinder",
                             [&] { return reader.rewind(reader.context); });
        };
    }
    return source_from_callback(std::move(callbacks));
}

Result<std::shared_ptr<Source>> source_from_memory(const void* data, std::size_t size) {
    if (size != 0) {
        FILESTORE_TRY(require(data, "data"));
    }
    return source_from_span({static_cast<const std::byte*>(data), size});
}

Result<std::shared_ptr<Source>> source_from_file(const char* path) {
    FILESTORE_TRY(require(path, "path"));
    return source_from_path(path);
}

Result<std::shared_ptr<Sink>> sink_to_writer(filestore_write_function write, void* context) {
    FILESTORE_TRY(require(write, "write"));
    CallbackSink callbacks;
    callbacks.write = [write, context](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        FILESTORE_TRY(call_back(ErrorCode::sink_failed, "writer",
                                [&] { return write(context, bytes.data(), bytes.size()); }));
        return IoStep{bytes.size(), false};
    };
    return sink_to_callback(std::move(callbacks));
}

Result<std::shared_ptr<Sink>> sink_to_memory(void* data, std::size_t capacity) {
    if (capacity != 0) {
        FILESTORE_TRY(require(data, "data"));
    }
    CallbackSink callbacks;
    callbacks.write = [memory = Memory{{static_cast<std::byte*>(data), capacity}}](
                          std::span<const std::byte> bytes, const Wake&) mutable {
        return memory.take(bytes);
    };
    callbacks.blocking = false;
    return sink_to_callback(std::move(callbacks));
}

Result<std::shared_ptr<Sink>> sink_to_file(const char* path) {
    FILESTORE_TRY(require(path, "path"));
    return sink_to_path(path);
}

}  // namespace filestore::capi
