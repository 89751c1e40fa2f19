#pragma once

/// The one way into the library from C: nothing is thrown across the border, and every failure becomes a code and an error
/// object. Thread-safe.

#include <cstdint>
#include <type_traits>
#include <utility>

#include "core/function_ref.h"
#include "filestore.h"
#include "filestore/result.h"

namespace filestore::capi {

/// Sets `*err` (where `err` is not null) to an object for `error`, and returns its code. Without memory for the object it is
/// one that was there before, with the code but not the details.
[[nodiscard]] std::int32_t report(const Error& error, filestore_error** err) noexcept;

/// The exception that is being handled. Called in a catch clause only.
[[nodiscard]] Error current_exception_error() noexcept;

/// Runs the body of a function that can fail.
[[nodiscard]] std::int32_t guard(filestore_error** err, FunctionRef<Result<void>()> body) noexcept;

/// Runs the body of a function that only answers something of a handle; `fallback` for no handle.
template <class Handle, class Value, class Body>
[[nodiscard]] Value guard_read(const Handle* handle, Value fallback, Body&& body) noexcept {
    static_assert(std::is_nothrow_invocable_r_v<Value, Body, const Handle&>);
    return handle == nullptr ? fallback : std::forward<Body>(body)(*handle);
}

/// Runs the body of a function that does something with a handle and answers nothing; does nothing for no handle.
template <class Handle, class Body>
void guard_run(Handle* handle, Body&& body) noexcept {
    static_assert(std::is_nothrow_invocable_v<Body, Handle&>);
    if (handle != nullptr) {
        std::forward<Body>(body)(*handle);
    }
}

/// Ends a handle.
template <class Handle>
void guard_destroy(Handle* handle) noexcept {
    static_assert(std::is_nothrow_destructible_v<Handle>);
    delete handle;
}

}  // namespace filestore::capi
