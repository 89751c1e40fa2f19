#pragma once

/// FILESTORE_TRY: leave the function with the Error of a failed call.
///
///     FILESTORE_TRY(store.sync());                            // Result<void>
///     FILESTORE_TRY_ASSIGN(auto size, file.size());           // Result<T>

#define FILESTORE_TRY(expression)                                                          \
    do {                                                                                   \
        if (const auto& filestore_try_result = (expression); !filestore_try_result.ok()) { \
            return filestore_try_result.error();                                           \
        }                                                                                  \
    } while (false)

#define FILESTORE_JOIN_INNER(a, b) a##b
#define FILESTORE_JOIN(a, b) FILESTORE_JOIN_INNER(a, b)

#define FILESTORE_TRY_ASSIGN_INNER(result, target, expression) \
    auto result = (expression);                                \
    if (!result.ok()) {                                        \
        return result.error();                                 \
    }                                                          \
    target = std::move(result).value()

#define FILESTORE_TRY_ASSIGN(target, expression) \
    FILESTORE_TRY_ASSIGN_INNER(FILESTORE_JOIN(filestore_result_, __LINE__), target, expression)
