/// The Nth allocation of every operation on a local store fails, N = 1, 2, ... until none does: the operation succeeds, or fails with
/// no_memory, or with outcome_unknown where there is no memory to undo it either; nothing leaks, and the store is whole. A program of its own, since it replaces the allocator.

#define CATCH_CONFIG_MAIN
#include <sqlite3.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "filestore/local_backend.h"
#include "filestore/service.h"
#include "support/eventually.h"
#include "support/files.h"
#include "support/random_bytes.h"
#include "support/settable_clock.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

// The allocator of glibc, below the one that a program puts in its place.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
}

namespace {

constexpr long never = -1;

/// How many allocations of all threads still succeed; `never` while none is to fail.
std::atomic<long> allocations_left{never};
/// Whether every later allocation fails too.
std::atomic<bool> failure_lasts{false};
std::atomic<bool> has_failed{false};
/// Blocks of operator new that were not given back.
std::atomic<long> live_blocks{0};

bool may_allocate() noexcept {
    long left = allocations_left.load();
    while (left > 0 && !allocations_left.compare_exchange_weak(left, left - 1)) {
    }
    if (left != 0) {
        return true;
    }
    const bool is_first = !has_failed.exchange(true);
    return !is_first && !failure_lasts;
}

template <class Allocate>
void* allocate_if_allowed(Allocate&& allocate) noexcept {
    if (may_allocate()) {
        return allocate();
    }
    errno = ENOMEM;
    return nullptr;
}

/// How many of SQLite's succeed before all fail; `never` while none is to fail.
std::atomic<long> sqlite_allocations_left{never};
sqlite3_mem_methods methods_of_system;

bool may_sqlite_allocate() noexcept {
    const long left = sqlite_allocations_left.load();
    if (left > 0) {
        --sqlite_allocations_left;
    }
    return left != 0;
}

void* new_block(std::size_t size) noexcept {
    void* const memory = std::malloc(size != 0 ? size : 1);
    live_blocks += memory != nullptr ? 1 : 0;
    return memory;
}

void give_back(void* memory) noexcept {
    live_blocks -= memory != nullptr ? 1 : 0;
    std::free(memory);
}

}  // namespace

// SQLite, and what glibc allocates for itself, such as directory streams.
extern "C" {
void* malloc(std::size_t size) {
    return allocate_if_allowed([&] { return __libc_malloc(size); });
}
void* calloc(std::size_t count, std::size_t size) {
    return allocate_if_allowed([&] { return __libc_calloc(count, size); });
}
void* realloc(void* memory, std::size_t size) {
    return allocate_if_allowed([&] { return __libc_realloc(memory, size); });
}
}

void* operator new(std::size_t size) {
    if (void* const memory = new_block(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return new_block(size);
}
void operator delete(void* memory) noexcept {
    give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    give_back(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    give_back(memory);
}

namespace {

const std::string old_content = random_bytes(10'000, 1);
const std::string new_content = random_bytes(300'000, 2);
const std::string newest_content = random_bytes(200'000, 3);
/// Stands for an exception, which must not leave the library.
constexpr ErrorCode thrown = ErrorCode::internal;
constexpr const char* long_text = "a text that is too long to be kept inside of a string object";

FileUpload upload_of(const std::string& content) {
    FileUpload file;
    file.source = source_from_span(std::as_bytes(std::span(content)));
    file.path = long_text;
    REQUIRE(file.metadata.set("key", long_text).ok());
    return file;
}

ServiceOptions options_of(const TemporaryDirectory& directory) {
    ServiceOptions options;
    options.local.base_path = directory.file("store");
    options.local.durability = Durability::none;
    options.local.url_base = "https://files.example/files";
    options.local.url_key = SecretString(std::string(32, 'k'));
    return options;
}

/// A file system in memory where `./dev` found one: it is no disk that is looked at here.
std::filesystem::path place_of_stores() {
    const char* memory = std::getenv("FILESTORE_TEST_MEMORY");
    return memory != nullptr ? std::filesystem::path(memory) : std::filesystem::temp_directory_path();
}

constexpr std::size_t first_piece = 100'000;

/// A store with two files. A resource.
struct Place {
    Place() {
        auto service = FileService::open(options_of(directory)).value();
        kept = service.upload(upload_of(old_content)).value();
        victim = service.upload(upload_of(new_content)).value();
        begun = service.begin_upload({.path = long_text, .length = new_content.size()}).value().id;
        UploadAppend first;
        first.id = begun;
        first.source = source_from_span(std::as_bytes(std::span(new_content)).first(first_piece));
        REQUIRE(service.append(std::move(first)).ok());
        // OpenSSL itself crashes where there is no memory when a program uses it first.
        REQUIRE(service.presign({.id = victim}).ok());
    }

    /// As decay would: only reading it tells.
    void damage_victim() {
        victim_content[0] = static_cast<char>(victim_content[0] ^ 1);
        write_file(directory.file("store") + "/" + victim.str(), victim_content);
    }

    TemporaryDirectory directory{place_of_stores()};
    FileId kept;
    FileId victim;
    /// An upload of which the first piece has come.
    FileId begun;
    std::string victim_content = new_content;
};

/// What a call is given, made while memory is there. A resource.
struct Inputs {
    explicit Inputs(const Place& place) : id(place.victim), upload(upload_of(new_content)) {
        download.id = id;
        download.sink = sink;
        append.id = place.begun;
        append.offset = first_piece;
        append.source = source_from_span(std::as_bytes(std::span(new_content)).subspan(first_piece));
        replacement.id = id;
        replacement.source = source_from_span(std::as_bytes(std::span(newest_content)));
        replacement.original_path = long_text;
    }

    FileId id;
    FileUpload upload;
    UploadRequest replacement;
    std::shared_ptr<BufferSink> sink = std::make_shared<BufferSink>();
    DownloadRequest download;
    UploadAppend append;
};

/// `ok` where there is none.
template <class T>
Error error_of(const Result<T>& result) {
    return result.ok() ? Error(ErrorCode::ok) : result.error();
}

/// Verifies the store, where so many files are damaged.
Error verify(FileService& service, bool repairs, std::uint64_t damaged) {
    VerifyRequest request;
    request.repair = repairs;
    const auto report = service.verify(std::move(request));
    if (report.ok() && (report->files != 2 || report->corrupt != damaged || report->missing != 0 ||
                        report->orphaned != 0 || report->unreadable != 0 || report->under_way != 0)) {
        return {ErrorCode::internal, "it has found what is not there, or not what is"};
    }
    return error_of(report);
}

/// One call, and how many files are there when it has succeeded, and when it has failed. A value.
struct Case {
    const char* name;
    Error (*run)(FileService& service, Inputs& inputs) = nullptr;
    std::size_t after_success = 2;
    std::set<std::size_t> after_failure{2};
    /// In place of `run`, where it is no call of a service.
    Error (*run_on_store)(LocalOptions&& options, Inputs& inputs) = nullptr;
    void (*prepare)(Place& place) = nullptr;
    /// Of the victim, when it has succeeded; as it was where it is empty.
    std::string new_content{};
};

const Case cases[] = {
    {"upload",
     [](FileService& service, Inputs& inputs) { return error_of(service.upload(std::move(inputs.upload))); },
     3,
     {2}},
    {"download",
     [](FileService& service, Inputs& inputs) {
         return error_of(service.download(std::move(inputs.download)));
     },
     2,
     {2}},
    {"metadata",
     [](FileService& service, Inputs& inputs) {
         return error_of(service.metadata({inputs.id, {}}));
     },
     2,
     {2}},
    {"list", [](FileService& service, Inputs&) { return error_of(service.list({})); }, 2, {2}},
    {"exists",
     [](FileService& service, Inputs& inputs) {
         return error_of(service.exists({inputs.id, {}}));
     },
     2,
     {2}},
    {"remove",
     [](FileService& service, Inputs& inputs) {
         return error_of(service.remove({inputs.id, {}}));
     },
     1,
     {1, 2}},
    {"append",
     [](FileService& service, Inputs& inputs) { return error_of(service.append(std::move(inputs.append))); },
     2,
     {2}},
    {"append and finish",
     [](FileService& service, Inputs& inputs) {
         const FileId id = inputs.append.id;
         const auto appended = service.append(std::move(inputs.append));
         return appended.ok() ? error_of(service.finish_upload({id, {}})) : appended.error();
     },
     3,
     {2, 3}},
    {"cleanup",
     [](FileService& service, Inputs&) {
         const auto report = service.cleanup({.days = 30});
         return report.ok() && report->failed > 0 ? Error(ErrorCode::no_memory) : error_of(report);
     },
     0,
     {0, 1, 2}},
    {"presign",
     [](FileService& service, Inputs& inputs) { return error_of(service.presign({.id = inputs.id})); },
     2,
     {2}},
    {"verify", [](FileService& service, Inputs&) { return verify(service, false, 0); }, 2, {2}},
    {.name = "repair",
     .run = [](FileService& service, Inputs&) { return verify(service, true, 1); },
     .after_success = 1,
     .after_failure = {1, 2},
     .prepare = [](Place& place) { place.damage_victim(); }},
    {.name = "replacement",
     .run_on_store =
         [](LocalOptions&& options, Inputs& inputs) {
             const auto backend = open_local_backend(std::move(options));
             return backend.ok() ? error_of((*backend)->upload(std::move(inputs.replacement)))
                                 : backend.error();
         },
     .new_content = newest_content},
    {.name = "convert",
     .run_on_store = [](LocalOptions&& options,
                        Inputs&) { return error_of(convert_local_store(options, {})); }},
};

/// Opens the store, makes the call and closes the store.
Error run(const Case& tried, ServiceOptions options, Inputs& inputs) {
    try {
        if (tried.run_on_store != nullptr) {
            return tried.run_on_store(std::move(options.local), inputs);
        }
        auto service = FileService::open(std::move(options));
        return service.ok() ? tried.run(*service, inputs) : service.error();
    } catch (const std::bad_alloc&) {
        return Error(thrown);
    }
}

/// The same while memory runs out after so many allocations.
Error run_without_memory(const Case& tried, const Place& place, long successes) {
    Inputs inputs(place);
    ServiceOptions options = options_of(place.directory);
    // To a cleanup all files are old.
    options.clock = std::make_shared<SettableClock>(system_clock()->now() + std::chrono::days(40));
    has_failed = false;
    allocations_left = successes;
    const Error error = run(tried, std::move(options), inputs);
    allocations_left = never;
    return error;
}

std::string content_of(FileService& service, const FileId& id) {
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    return service.download(std::move(request)).ok() ? std::string(sink->bytes()) : "it cannot be read";
}

bool is_as_made(const Place& place) {
    auto service = FileService::open(options_of(place.directory)).value();
    const auto upload = service.resumable_upload({place.begun, {}});
    return upload.ok() && upload->offset == first_piece && service.list({}).value().files.size() == 2 &&
           service.exists({place.victim, {}}).value() &&
           content_of(service, place.victim) == place.victim_content &&
           !std::filesystem::exists(place.directory.file("store/.filestore/layout"));
}

/// What the victim may hold after a call that ended so.
std::set<std::string> contents_after(const Case& tried, const Place& place, ErrorCode code) {
    const std::string& after = tried.new_content.empty() ? place.victim_content : tried.new_content;
    switch (code) {
        case ErrorCode::ok:
            return {after};
        case ErrorCode::outcome_unknown:
            return {after, place.victim_content};
        default:
            return {place.victim_content};
    }
}

void check_store(const Case& tried, const Place& place, ErrorCode code) {
    auto service = FileService::open(options_of(place.directory)).value();
    const ListPage page = service.list({}).value();
    std::set<std::size_t> allowed = code == ErrorCode::ok ? std::set<std::size_t>() : tried.after_failure;
    if (code == ErrorCode::ok || code == ErrorCode::outcome_unknown) {
        allowed.insert(tried.after_success);
    }
    CHECK(allowed.count(page.files.size()) == 1);
    for (const ListEntry& entry : page.files) {
        const std::string content = content_of(service, entry.id);
        if (entry.id == place.victim) {
            CHECK(contents_after(tried, place, code).contains(content));
        } else {
            CHECK(content == (entry.id == place.kept ? old_content : new_content));
        }
        CHECK(service.metadata({entry.id, {}}).ok());
    }
}

/// What was told to be there is, and whoever goes on with it gets the whole file.
void check_upload(const Place& place, ErrorCode code) {
    auto service = FileService::open(options_of(place.directory)).value();
    const auto upload = service.resumable_upload({place.begun, {}});
    REQUIRE(upload.ok());
    CHECK(upload->offset >= first_piece);
    CHECK((code != ErrorCode::ok || upload->complete()));
    if (upload->offset == first_piece) {
        return;
    }
    if (!upload->complete()) {
        UploadAppend rest;
        rest.id = place.begun;
        rest.offset = upload->offset;
        rest.source = source_from_span(std::as_bytes(std::span(new_content)).subspan(rest.offset));
        CHECK(service.append(std::move(rest)).ok());
    }
    CHECK(service.finish_upload({place.begun, {}}).ok());
    CHECK(content_of(service, place.begun) == new_content);
}

/// Every allocation in turn; how many there are.
long fail_each_allocation(const Case& tried) {
    std::optional<Place> place;
    for (long successes = 0;; ++successes) {
        if (!place || !is_as_made(*place)) {
            place.emplace();
            if (tried.prepare != nullptr) {
                tried.prepare(*place);
            }
        }
        const long live_before = live_blocks;
        std::optional<Error> error = run_without_memory(tried, *place, successes);
        const ErrorCode code = error->code();
        const std::string message(error->message());
        error.reset();
        const long kept = message.capacity() > std::string().capacity() ? 1 : 0;
        // A thread that could not be waited for without memory gives back what it has when it ends.
        const bool gave_all_back = eventually([&] { return live_blocks - live_before == kept; });
        INFO("allocation " << successes + 1 << ": " << to_string(code) << ": " << message);
        CHECK(gave_all_back);
        CHECK((code == ErrorCode::ok ||
               (has_failed && (code == ErrorCode::no_memory || code == ErrorCode::outcome_unknown))));
        check_store(tried, *place, code);
        if (std::string_view(tried.name).starts_with("append")) {
            check_upload(*place, code);
        }
        if (!has_failed) {
            return successes;
        }
    }
}

}  // namespace

TEST_CASE("no memory for one allocation of a call on a local store") {
    failure_lasts = GENERATE(false, true);
    for (const Case& tried : cases) {
        DYNAMIC_SECTION(tried.name << (failure_lasts ? ", and for every later one" : "")) {
            CHECK(fail_each_allocation(tried) > 5);
        }
    }
}

TEST_CASE("a service goes on once SQLite has memory again") {
    // What SQLite has set aside would be enough to end a transaction with.
    REQUIRE(sqlite3_shutdown() == SQLITE_OK);
    REQUIRE(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
    REQUIRE(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &methods_of_system) == SQLITE_OK);
    sqlite3_mem_methods methods = methods_of_system;
    methods.xMalloc = [](int size) -> void* {
        return may_sqlite_allocate() ? methods_of_system.xMalloc(size) : nullptr;
    };
    methods.xRealloc = [](void* memory, int size) -> void* {
        return may_sqlite_allocate() ? methods_of_system.xRealloc(memory, size) : nullptr;
    };
    REQUIRE(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    const TemporaryDirectory directory(place_of_stores());
    FileService service = FileService::open(options_of(directory)).value();
    REQUIRE(service.upload(upload_of(old_content)).ok());
    bool has_failed_for_it = true;
    for (long successes = 0; has_failed_for_it; ++successes) {
        CAPTURE(successes);
        sqlite_allocations_left = successes;
        has_failed_for_it = !service.upload(upload_of(new_content)).ok();
        sqlite_allocations_left = never;
        const auto next = service.upload(upload_of(old_content));
        REQUIRE(next.ok());
        CHECK(*service.remove({*next, {}}));
    }
}
