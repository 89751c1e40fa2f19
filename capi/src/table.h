#pragma once

/// The functions of a backend of a C caller, and how they are called.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "arguments.h"

namespace filestore::capi {

/// With the context that they get. A resource: `destroy` is called at its end. Immutable, and as thread-safe as what it calls.
class Table {
public:
    /// `given` may be of an older header than this one, but has `destroy`.
    Table(const filestore_backend_table& given, void* context) noexcept;
    Table(Table&& other) noexcept;
    Table& operator=(Table&&) = delete;
    ~Table();

    [[nodiscard]] const filestore_backend_table* operator->() const noexcept { return &functions_; }
    [[nodiscard]] void* context() const noexcept { return context_; }

private:
    filestore_backend_table functions_{};
    void* context_;
};

/// `invalid_argument` for a table without a place for `destroy`.
[[nodiscard]] Result<void> check_size(const filestore_backend_table& given);

/// `invalid_argument` where a function lacks another that goes with it.
[[nodiscard]] Result<void> check_functions(const Table& table);

/// What the backend was asked to do and cannot.
[[nodiscard]] Error unsupported_by_table(std::string_view what);

/// What is not FILESTORE_OK, in the program's words where it has any.
[[nodiscard]] Error table_failure(std::int32_t code, std::string words, bool is_retryable,
                                  std::string_view what);

/// What comes of a function that answered `code` in this call.
[[nodiscard]] Result<void> outcome_of(std::int32_t code, filestore_backend_call& call, std::string_view what);

/// Calls a function of the table, which may be null; C++ exceptions of the program, if any, end here.
template <class Function, class... Arguments>
[[nodiscard]] Result<void> ask(const Table& table, std::string_view what, Function function,
                               filestore_backend_call& call, Arguments... arguments) {
    if (function == nullptr) {
        return unsupported_by_table(what);
    }
    call.failure.clear();
    call.is_retryable = false;
    std::int32_t code = FILESTORE_INTERNAL;
    try {
        code = function(table.context(), &call, arguments...);
    } catch (...) {
        return Error(ErrorCode::internal, "the program's backend threw an exception");
    }
    return outcome_of(code, call, what);
}

/// Ends what a function of the table has opened.
template <class Function>
void close_opened(const Table& table, Function function, void* opened) noexcept {
    try {
        function(table.context(), opened);
    } catch (...) {
        // Nobody is left who could be told.
    }
}

/// `limits` live as long as the call.
[[nodiscard]] filestore_backend_call call_within(const CallOptions& limits);
/// The same of one file.
[[nodiscard]] filestore_backend_call call_on(const FileId& id, const CallOptions& limits);

/// What is open for reading: a file, or the bytes of an upload. A resource; one thread at a time.
class OpenedBytes {
public:
    using Open = int32_t (*)(void*, filestore_backend_call*, void**, std::uint64_t*);

    /// As long as it lives, so do the table and the limits of the call.
    OpenedBytes(const Table& table, filestore_backend_call call) noexcept
        : table_(table), call_(std::move(call)) {}
    OpenedBytes(const OpenedBytes&) = delete;
    OpenedBytes& operator=(const OpenedBytes&) = delete;
    ~OpenedBytes();

    [[nodiscard]] Result<void> open(Open function, std::string_view what);
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into);

private:
    const Table& table_;
    filestore_backend_call call_;
    void* reader_ = nullptr;
    std::uint64_t size_ = 0;
    bool is_open_ = false;
};

}  // namespace filestore::capi
