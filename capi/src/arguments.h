#pragma once

/// Checks on what a C caller passes, and its conversion. Pure functions.

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/try.h"
#include "guard.h"
#include "handles.h"

namespace filestore::capi {

/// `invalid_argument`, with the parameter's name, for what was not given.
[[nodiscard]] Result<void> require_given(bool is_given, std::string_view name);

/// The same for a null pointer.
template <class Pointer>
    requires std::is_pointer_v<Pointer>
[[nodiscard]] Result<void> require(Pointer pointer, std::string_view name) {
    return require_given(pointer != nullptr, name);
}

/// Sets an output to empty before anything can fail.
template <class Value>
[[nodiscard]] Result<void> clear_output(Value* output, std::string_view name) {
    FILESTORE_TRY(require(output, name));
    *output = Value{};
    return {};
}

/// Sets an output that may be null.
template <class Value>
void give(Value* output, Value value) noexcept {
    if (output != nullptr) {
        *output = value;
    }
}

/// As C functions tell times: microseconds since 1970-01-01T00:00:00Z.
[[nodiscard]] inline std::int64_t microseconds_of(Timestamp time) noexcept {
    return time.time_since_epoch().count();
}

/// A new handle; the caller of the C function destroys it.
template <class Handle, class... Members>
[[nodiscard]] Handle* make_handle(Members&&... members) {
    return std::make_unique<Handle>(Handle{std::forward<Members>(members)...}).release();
}

/// The body of a function that makes a handle in its initial state.
template <class Handle>
[[nodiscard]] Result<void> create_handle(Handle** output, std::string_view name) {
    FILESTORE_TRY(clear_output(output, name));
    *output = make_handle<Handle>();
    return {};
}

/// The same as clear_output for the characters of an ID.
[[nodiscard]] Result<void> clear_id(char* id);

/// Copies an ID with its NUL; `to` has FILESTORE_ID_SIZE characters.
void copy_id(const FileId& id, char* to) noexcept;

/// `invalid_argument` for NULL and for anything that is not a file ID.
[[nodiscard]] Result<FileId> parse_id(const char* id);

/// `invalid_argument`, with the parameter's name, for NULL and for text that is not UTF-8.
[[nodiscard]] Result<std::string_view> require_text(const char* text, std::string_view name);

/// `text` may be null: then it is empty.
[[nodiscard]] Result<std::string> optional_text(const char* text, std::string_view name);

/// Counts the timeout from now.
[[nodiscard]] CallOptions call_options(const CallSettings& settings);

/// The same of options that may be null.
[[nodiscard]] CallOptions call_of(const filestore_call_options* options);

/// `invalid_argument` for more than 100 years; `what` takes or keeps them.
[[nodiscard]] Result<std::chrono::seconds> seconds_of(std::uint64_t seconds, std::string_view what);

/// `options` may be null.
[[nodiscard]] Result<FileRequest> file_request(const char* id, const filestore_call_options* options);

}  // namespace filestore::capi
