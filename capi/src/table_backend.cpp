#include "table_backend.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "arguments.h"
#include "backend.h"
#include "core/backend_handle.h"
#include "filestore/blocking_backend.h"

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
static_assert(is_at(15, sizeof(filestore_backend_table)));

/// The functions of the caller, with the context that they get. A resource: `destroy` is called at its end.
class Table {
public:
    Table(const filestore_backend_table* given, void* context) noexcept : context_(context) {
        std::memcpy(&functions_, given, std::min(given->struct_size, sizeof functions_));
    }
    Table(Table&& other) noexcept
        : functions_(other.functions_), context_(std::exchange(other.context_, nullptr)) {
        other.functions_.destroy = nullptr;
    }
    Table& operator=(Table&&) = delete;
    ~Table() {
        if (functions_.destroy == nullptr) {
            return;
        }
        try {
            functions_.destroy(context_);
        } catch (...) {
            // Nobody is left who could be told.
        }
    }

    [[nodiscard]] const filestore_backend_table& operator*() const noexcept { return functions_; }
    [[nodiscard]] const filestore_backend_table* operator->() const noexcept { return &functions_; }
    [[nodiscard]] void* context() const noexcept { return context_; }

private:
    filestore_backend_table functions_{};
    void* context_;
};

Error unsupported(std::string_view what) {
    return Error(ErrorCode::unsupported, "this backend cannot " + std::string(what));
}

/// What a function answered with a code other than FILESTORE_OK.
Error failure_of(std::int32_t code, const filestore_backend_call& call, std::string_view what) {
    const bool is_known = code > FILESTORE_OK && code <= FILESTORE_NOT_DELIVERED;
    ErrorDetails details;
    details.retryable = call.is_retryable;
    details.caller_code = is_known ? 0 : code;
    const ErrorCode known = is_known ? static_cast<ErrorCode>(code) : ErrorCode::internal;
    std::string message = call.failure;
    if (message.empty()) {
        message = "the program's backend failed to " + std::string(what) + ": " +
                  (is_known ? std::string(to_string(known)) : "its answer was " + std::to_string(code));
    }
    return Error(known, std::move(message), std::move(details));
}

/// Calls a function of the table, which may be null; C++ exceptions of the program, if any, end here.
template <class Function, class... Arguments>
Result<void> ask(const Table& table, std::string_view what, Function function, filestore_backend_call& call,
                 Arguments... arguments) {
    if (function == nullptr) {
        return unsupported(what);
    }
    call.failure.clear();
    call.is_retryable = false;
    std::int32_t code = FILESTORE_INTERNAL;
    try {
        code = function(table.context(), &call, arguments...);
    } catch (...) {
        return Error(ErrorCode::internal, "the program's backend threw an exception");
    }
    return code == FILESTORE_OK ? Result<void>() : failure_of(code, call, what);
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

filestore_backend_call call_on(const FileId& id, const CallOptions& limits) {
    filestore_backend_call call;
    call.limits = &limits;
    call.id = id.str();
    call.info.id = id;
    return call;
}

filestore_backend_call upload_call(const UploadRequest& request) {
    filestore_backend_call call = call_on(request.id, request.call);
    call.path = request.original_path;
    call.content_type = request.content_type;
    call.metadata = request.metadata.to_json();
    call.size = request.source->size().value_or(FILESTORE_UNKNOWN_SIZE);
    call.create_only = request.create_only;
    call.if_version = request.if_version;
    return call;
}

Result<FileInfo> describe(const Table& table, const FileId& id, const CallOptions& limits) {
    filestore_backend_call call = call_on(id, limits);
    FILESTORE_TRY(ask(table, "describe a file", table->describe, call));
    return std::move(call.info);
}

class TableWriter final : public BlockingBackend::Writer {
public:
    /// As long as it lives, so do the table and the limits of the call.
    TableWriter(const Table& table, filestore_backend_call call) : table_(table), call_(std::move(call)) {}
    ~TableWriter() override {
        if (is_open_) {
            close_opened(table_, table_->close_writer, writer_);
        }
    }

    Result<void> open() {
        FILESTORE_TRY(ask(table_, "store a file", table_->open_writer, call_, &writer_));
        is_open_ = true;
        return {};
    }

    Result<void> write(std::span<const std::byte> bytes) override {
        return ask(table_, "store a file", table_->write, call_, writer_,
                   static_cast<const void*>(bytes.data()), bytes.size());
    }

    Result<void> commit(std::uint64_t size) override {
        return ask(table_, "store a file", table_->commit, call_, writer_, size);
    }

private:
    const Table& table_;
    filestore_backend_call call_;
    void* writer_ = nullptr;
    bool is_open_ = false;
};

class TableReader final : public BlockingBackend::Reader {
public:
    /// As long as it lives, so do the table and the limits of the call.
    TableReader(const Table& table, const DownloadRequest& request)
        : table_(table), request_(request), call_(call_on(request.id, request.call)) {}
    ~TableReader() override {
        if (is_open_) {
            close_opened(table_, table_->close_reader, reader_);
        }
    }

    Result<void> open() {
        FILESTORE_TRY(ask(table_, "read a file", table_->open_reader, call_, &reader_, &size_));
        is_open_ = true;
        return {};
    }

    std::uint64_t size() const noexcept override { return size_; }

    Result<FileInfo> info() override { return describe(table_, request_.id, request_.call); }

    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
        std::size_t length = 0;
        FILESTORE_TRY(ask(table_, "read a file", table_->read, call_, reader_, offset,
                          static_cast<void*>(into.data()), into.size(), &length));
        if (length > into.size()) {
            return Error(ErrorCode::internal, "the program's backend reports " + std::to_string(length) +
                                                  " bytes where " + std::to_string(into.size()) + " fit");
        }
        return length;
    }

private:
    const Table& table_;
    const DownloadRequest& request_;
    filestore_backend_call call_;
    void* reader_ = nullptr;
    std::uint64_t size_ = 0;
    bool is_open_ = false;
};

class TableBackend final : public BlockingBackend {
public:
    TableBackend(Table table, std::shared_ptr<Executor> executor)
        : BlockingBackend(std::move(executor)),
          table_(std::move(table)),
          name_(table_->name != nullptr ? table_->name : "custom") {}
    ~TableBackend() override { close(); }

    Capabilities capabilities() const noexcept override {
        Capabilities capabilities;
        capabilities.remove_tells_existence = true;
        capabilities.presign = table_->presign != nullptr;
        capabilities.compare_and_swap = (table_->abilities & FILESTORE_COMPARES_UPLOADS) != 0;
        capabilities.compare_and_delete = (table_->abilities & FILESTORE_COMPARES_DELETIONS) != 0;
        return capabilities;
    }
    std::string_view name() const noexcept override { return name_; }

protected:
    Result<std::unique_ptr<Writer>> open_writer(const UploadRequest& request) override {
        auto writer = std::make_unique<TableWriter>(table_, upload_call(request));
        FILESTORE_TRY(writer->open());
        return std::unique_ptr<Writer>(std::move(writer));
    }

    Result<std::unique_ptr<Reader>> open_reader(const DownloadRequest& request) override {
        auto reader = std::make_unique<TableReader>(table_, request);
        FILESTORE_TRY(reader->open());
        return std::unique_ptr<Reader>(std::move(reader));
    }

    Result<bool> remove_now(const FileRequest& request) override {
        filestore_backend_call call = call_on(request.id, request.call);
        call.if_version = request.if_version;
        std::int32_t removed = 0;
        FILESTORE_TRY(ask(table_, "remove a file", table_->remove, call, &removed));
        return removed != 0;
    }

    Result<bool> exists_now(const FileRequest& request) override {
        const auto info = describe(table_, request.id, request.call);
        if (!info.ok() && info.error().code() != ErrorCode::not_found) {
            return info.error();
        }
        return info.ok();
    }

    Result<FileInfo> metadata_now(const FileRequest& request) override {
        return describe(table_, request.id, request.call);
    }

    Result<ListPage> list_now(const ListRequest& request) override {
        filestore_backend_call call;
        call.limits = &request.call;
        call.cursor = request.cursor;
        call.limit = static_cast<std::uint32_t>(request.limit);
        FILESTORE_TRY(ask(table_, "list its files", table_->list, call));
        return std::move(call.page);
    }

    Result<PresignedUrl> presign_now(const PresignRequest& request) override {
        filestore_backend_call call = call_on(request.id, request.call);
        call.method = request.method;
        call.expires = request.expires;
        FILESTORE_TRY(ask(table_, "make URLs", table_->presign, call));
        return std::move(call.url);
    }

private:
    const Table table_;
    const std::string name_;
};

Error misses(const char* function) {
    return Error(ErrorCode::invalid_argument,
                 "the table has no " + std::string(function) + ", which goes with what it has");
}

/// What is opened has to be used and ended.
Result<void> check_table(const filestore_backend_table& table) {
    if (table.open_reader != nullptr && (table.read == nullptr || table.close_reader == nullptr)) {
        return misses(table.read == nullptr ? "read" : "close_reader");
    }
    if (table.open_writer != nullptr &&
        (table.write == nullptr || table.commit == nullptr || table.close_writer == nullptr)) {
        return misses(table.write == nullptr ? "write" : table.commit == nullptr ? "commit" : "close_writer");
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<StorageBackend>> backend_over(const filestore_backend_table* table, void* context,
                                                     std::shared_ptr<Executor> executor) {
    FILESTORE_TRY(require(table, "table"));
    if (table->struct_size < shortest_table) {
        return Error(ErrorCode::invalid_argument,
                     "the struct_size of a table is sizeof(filestore_backend_table), not " +
                         std::to_string(table->struct_size));
    }
    Table own(table, context);
    FILESTORE_TRY(check_table(*own));
    return make_backend_handle(std::make_shared<TableBackend>(std::move(own), std::move(executor)));
}

}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_backend_create(const filestore_backend_table* table, void* context,
                                 const filestore_options* options, filestore_backend** backend,
                                 filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(backend, static_cast<filestore_backend*>(nullptr));
        auto executor = options != nullptr ? options->options.executor : std::shared_ptr<Executor>();
        // Before anything can fail, since the context is the library's to end from now on.
        auto made = capi::backend_over(table, context, std::move(executor));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY(made);
        *backend = capi::make_backend(std::move(*made));
        return {};
    });
}
