#pragma once

/// FILESTORE_TRY: leave the function with the Error of a failed call.
///
///     FILESTORE_TRY(store.sync());                            // Result<void>
///     FILESTORE_TRY_ASSIGN(auto size, file.size());           // Result<T>

#include <utility>

#include "filestore/result.h"

namespace filestore {

/// The failure in `result`, moved out of it where nobody else sees it.
template <class T>
[[nodiscard]] const Error& failure_in(const Result<T>& result) noexcept {
    return result.error();
}
template <class T>
[[nodiscard]] Error&& failure_in(Result<T>&& result) noexcept {
    return std::move(result).error();
}

}  // namespace filestore

#define FILESTORE_TRY(expression)                                                     \
    do {                                                                              \
        if (auto&& filestore_try_result = (expression); !filestore_try_result.ok()) { \
            return ::filestore::failure_in(                                           \
                std::forward<decltype(filestore_try_result)>(filestore_try_result));  \
        }                                                                             \
    } while (false)

#define FILESTORE_JOIN_INNER(a, b) a##b
#define FILESTORE_JOIN(a, b) FILESTORE_JOIN_INNER(a, b)

#define FILESTORE_TRY_ASSIGN_INNER(result, target, expression) \
    auto result = (expression);                                \
    if (!result.ok()) {                                        \
        return std::move(result).error();                      \
    }                                                          \
    target = std::move(result).value()

#define FILESTORE_TRY_ASSIGN(target, expression) \
    FILESTORE_TRY_ASSIGN_INNER(FILESTORE_JOIN(filestore_result_, __LINE__), target, expression)
