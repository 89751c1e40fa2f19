#include "table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace filestore::capi {
namespace {

/// Every table has what stands before this.
constexpr std::size_t shortest_table = offsetof(filestore_backend_table, describe);

// ABI.md: the members keep their places, each of the size of a pointer.
constexpr bool is_at(std::size_t place, std::size_t offset) noexcept {
    return sizeof(void*) != 8 || offset == place * sizeof(void*);
}
static_assert(is_at(0, offsetof(filestore_backend_table, struct_size)));
static_assert(is_at(1, offsetof(filestore_backend_table, abilities)));
static_assert(is_at(2, offsetof(filestore_backend_table, name)));
static_assert(is_at(3, offsetof(filestore_backend_table, destroy)));
static_assert(is_at(4, offsetof(filestore_backend_table, describe)));
static_assert(is_at(5, offsetof(filestore_backend_table, open_reader)));
static_assert(is_at(6, offsetof(filestore_backend_table, read)));
static_assert(is_at(7, offsetof(filestore_backend_table, close_reader)));
static_assert(is_at(8, offsetof(filestore_backend_table, open_writer)));
static_assert(is_at(9, offsetof(filestore_backend_table, write)));
static_assert(is_at(10, offsetof(filestore_backend_table, commit)));
static_assert(is_at(11, offsetof(filestore_backend_table, close_writer)));
static_assert(is_at(12, offsetof(filestore_backend_table, remove)));
static_assert(is_at(13, offsetof(filestore_backend_table, list)));
static_assert(is_at(14, offsetof(filestore_backend_table, presign)));
static_assert(is_at(15, offsetof(filestore_backend_table, remove_batch)));
static_assert(is_at(16, offsetof(filestore_backend_table, discard)));
static_assert(is_at(17, offsetof(filestore_backend_table, verify)));
static_assert(is_at(18, offsetof(filestore_backend_table, sweep_uploads)));
static_assert(is_at(19, offsetof(filestore_backend_table, kept_versions)));
static_assert(is_at(20, offsetof(filestore_backend_table, begin_upload)));
static_assert(is_at(21, offsetof(filestore_backend_table, describe_upload)));
static_assert(is_at(22, offsetof(filestore_backend_table, open_append)));
static_assert(is_at(23, offsetof(filestore_backend_table, append)));
static_assert(is_at(24, offsetof(filestore_backend_table, end_append)));
static_assert(is_at(25, offsetof(filestore_backend_table, open_upload)));
static_assert(is_at(26, offsetof(filestore_backend_table, end_upload)));
static_assert(is_at(27, offsetof(filestore_backend_table, expire_uploads)));
static_assert(is_at(28, sizeof(filestore_backend_table)));

/// A function that goes with others. A value.
struct Companion {
    const char* name;
    bool is_there;
};

Result<void> require_all(std::span<const Companion> functions) {
    for (const Companion& function : functions) {
        if (!function.is_there) {
            return Error(ErrorCode::invalid_argument,
                         "the table has no " + std::string(function.name) + ", which goes with what it has");
        }
    }
    return {};
}

bool has_any(std::span<const Companion> functions) noexcept {
    return std::any_of(functions.begin(), functions.end(),
                       [](const Companion& function) { return function.is_there; });
}

}  // namespace

Table::Table(const filestore_backend_table& given, void* context) noexcept : context_(context) {
    std::memcpy(&functions_, &given, std::min(given.struct_size, sizeof functions_));
}

Table::Table(Table&& other) noexcept
    : functions_(other.functions_), context_(std::exchange(other.context_, nullptr)) {
    other.functions_.destroy = nullptr;
}

Table::~Table() {
    if (functions_.destroy == nullptr) {
        return;
    }
    try {
        functions_.destroy(context_);
    } catch (...) {
        // Nobody is left who could be told.
    }
}

Result<void> check_size(const filestore_backend_table& given) {
    return given.struct_size >= shortest_table
               ? Result<void>()
               : Error(ErrorCode::invalid_argument,
                       "the struct_size of a table is sizeof(filestore_backend_table), not " +
                           std::to_string(given.struct_size));
}

Result<void> check_functions(const Table& table) {
    if (table->open_reader != nullptr || table->open_upload != nullptr) {
        FILESTORE_TRY(require_all(std::array{
            Companion{"read", table->read != nullptr},
            Companion{"close_reader", table->close_reader != nullptr},
        }));
    }
    if (table->open_writer != nullptr) {
        FILESTORE_TRY(require_all(std::array{
            Companion{"write", table->write != nullptr},
            Companion{"commit", table->commit != nullptr},
            Companion{"close_writer", table->close_writer != nullptr},
        }));
    }
    const std::array pieces{
        Companion{"begin_upload", table->begin_upload != nullptr},
        Companion{"describe_upload", table->describe_upload != nullptr},
        Companion{"open_append", table->open_append != nullptr},
        Companion{"append", table->append != nullptr},
        Companion{"end_append", table->end_append != nullptr},
        Companion{"open_upload", table->open_upload != nullptr},
        Companion{"end_upload", table->end_upload != nullptr},
        Companion{"expire_uploads", table->expire_uploads != nullptr},
    };
    return has_any(pieces) ? require_all(pieces) : Result<void>();
}

Error unsupported_by_table(std::string_view what) {
    return Error(ErrorCode::unsupported, "this backend cannot " + std::string(what));
}

Error table_failure(std::int32_t code, std::string words, bool is_retryable, std::string_view what) {
    const bool is_known = code > FILESTORE_OK && code <= FILESTORE_NOT_DELIVERED;
    ErrorDetails details;
    details.retryable = is_retryable;
    details.caller_code = is_known ? 0 : code;
    const ErrorCode known = is_known ? static_cast<ErrorCode>(code) : ErrorCode::internal;
    if (words.empty()) {
        words = "the program's backend failed to " + std::string(what) + ": " +
                (is_known ? std::string(to_string(known)) : "its answer was " + std::to_string(code));
    }
    return Error(known, std::move(words), std::move(details));
}

Result<void> outcome_of(std::int32_t code, filestore_backend_call& call, std::string_view what) {
    if (code == FILESTORE_OK) {
        return {};
    }
    if (call.ended) {
        return *call.ended;
    }
    return table_failure(code, call.failure, call.is_retryable, what);
}

filestore_backend_call call_within(const CallOptions& limits) {
    filestore_backend_call call;
    call.limits = &limits;
    return call;
}

filestore_backend_call call_on(const FileId& id, const CallOptions& limits) {
    filestore_backend_call call = call_within(limits);
    call.id = id.str();
    call.info.id = id;
    call.upload.id = id;
    return call;
}

OpenedBytes::~OpenedBytes() {
    if (is_open_) {
        close_opened(table_, table_->close_reader, reader_);
    }
}

Result<void> OpenedBytes::open(Open function, std::string_view what) {
    FILESTORE_TRY(ask(table_, what, function, call_, &reader_, &size_));
    is_open_ = true;
    return {};
}

Result<std::size_t> OpenedBytes::read(std::uint64_t offset, std::span<std::byte> into) {
    std::size_t length = 0;
    FILESTORE_TRY(ask(table_, "read a file", table_->read, call_, reader_, offset,
                      static_cast<void*>(into.data()), into.size(), &length));
    if (length > into.size()) {
        return Error(ErrorCode::internal, "the program's backend reports " + std::to_string(length) +
                                              " bytes where " + std::to_string(into.size()) + " fit");
    }
    return length;
}

}  // namespace filestore::capi
