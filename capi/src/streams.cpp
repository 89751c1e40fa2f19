#include "streams.h"

#include <cstring>
#include <string>
#include <string_view>

#include "callbacks.h"
#include "core/try.h"

namespace filestore::capi {

Error caller_error(ErrorCode code, std::string_view callback, std::int32_t caller_code) {
    ErrorDetails details;
    details.caller_code = caller_code;
    return Error(code,
                 "the caller's " + std::string(callback) + " failed with " + std::to_string(caller_code),
                 details);
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

Result<IoStep> copy_to(std::span<std::byte> memory, std::size_t& length, std::span<const std::byte> bytes) {
    if (bytes.size() > memory.size() - length) {
        return Error(ErrorCode::sink_failed,
                     "the file has more bytes than the " + std::to_string(memory.size()) + " that fit");
    }
    if (!bytes.empty()) {
        std::memcpy(memory.data() + length, bytes.data(), bytes.size());
    }
    length += bytes.size();
    return IoStep{bytes.size(), false};
}

}  // namespace

std::shared_ptr<Source> source_from_reader(const Reader& reader) {
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

std::shared_ptr<Sink> sink_to_writer(filestore_write_function write, void* context) {
    CallbackSink callbacks;
    callbacks.write = [write, context](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        FILESTORE_TRY(call_back(ErrorCode::sink_failed, "writer",
                                [&] { return write(context, bytes.data(), bytes.size()); }));
        return IoStep{bytes.size(), false};
    };
    return sink_to_callback(std::move(callbacks));
}

std::shared_ptr<Sink> sink_to_memory(std::span<std::byte> memory, std::size_t& length) {
    CallbackSink callbacks;
    callbacks.write = [memory, &length](std::span<const std::byte> bytes, const Wake&) {
        return copy_to(memory, length, bytes);
    };
    callbacks.blocking = false;
    return sink_to_callback(std::move(callbacks));
}

}  // namespace filestore::capi
