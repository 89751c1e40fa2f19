/// Nothing is thrown across the C border: callbacks that throw, and an allocator that fails at the Nth request, for every N
/// until a run needs no more.
///
/// usage: barrier_test DIRECTORY, where DIRECTORY exists and is empty.

#include <filestore.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

constexpr long never = -1;

/// How many allocations still succeed; `never` while none is to fail.
std::atomic<long> allocations_left{never};
std::atomic<bool> allocation_failed{false};

bool may_allocate() noexcept {
    long left = allocations_left.load();
    while (left > 0 && !allocations_left.compare_exchange_weak(left, left - 1)) {
    }
    if (left == 0) {
        allocation_failed = true;
    }
    return left != 0;
}

void* allocate(std::size_t size) noexcept {
    return may_allocate() ? std::malloc(size != 0 ? size : 1) : nullptr;
}

}  // namespace

void* operator new(std::size_t size) {
    if (void* memory = allocate(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}

namespace {

int failures = 0;

void check(bool holds, std::string_view name) {
    if (!holds) {
        ++failures;
    }
    std::cout << (holds ? "ok " : "not ok ") << name << '\n';
}

int32_t throwing_read(void*, void*, size_t, size_t*) {
    throw std::runtime_error("reader");
}
int32_t throwing_write(void*, const void*, size_t) {
    throw 42;
}
void throwing_progress(void*, uint64_t, uint64_t) {
    throw std::runtime_error("progress");
}
void throwing_done(void* context, filestore_answer* answer) {
    const std::int32_t code = filestore_answer_code(answer);
    filestore_answer_destroy(answer);
    static_cast<std::atomic<std::int32_t>*>(context)->store(code);
    throw std::runtime_error("done");
}
int32_t throwing_list(void*, filestore_backend_call*) {
    throw std::runtime_error("list");
}
void throwing_destroy(void* context) {
    ++*static_cast<int*>(context);
    throw std::runtime_error("destroy");
}
void throwing_warning(void*, const char*, const char*, const char*, const char*) {
    throw std::runtime_error("warning");
}

constexpr std::int32_t no_answer = -1;

/// What `throwing_done` puts there.
std::int32_t wait_for_code(const std::atomic<std::int32_t>& code) {
    while (code.load() == no_answer) {
        std::this_thread::yield();
    }
    return code.load();
}

int32_t list_one_file(void*, filestore_backend_call* call) {
    return filestore_backend_call_add_file(call, "00000000-0000-4000-8000-000000000000", 1, 0, nullptr);
}

/// The handles of one scenario. A resource; one thread at a time.
struct Handles {
    filestore_options* options = nullptr;
    filestore_service* service = nullptr;
    filestore_upload_options* upload = nullptr;
    filestore_buffer* buffer = nullptr;
    filestore_cancel* cancel = nullptr;
    filestore_backend* backend = nullptr;
    filestore_list_page* page = nullptr;
    filestore_error* error = nullptr;

    Handles() = default;
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;
    ~Handles() {
        filestore_error_destroy(error);
        filestore_list_page_destroy(page);
        filestore_backend_close(backend);
        filestore_cancel_destroy(cancel);
        filestore_buffer_destroy(buffer);
        filestore_upload_options_destroy(upload);
        filestore_close(service);
        filestore_options_destroy(options);
    }
};

int32_t open_store(Handles& handles, const char* base_path) {
    int32_t code = filestore_options_create(&handles.options, &handles.error);
    if (code == FILESTORE_OK) {
        code = filestore_options_set(handles.options, "base_path", base_path, &handles.error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_options_set_warning(handles.options, throwing_warning, nullptr, &handles.error);
    }
    return code == FILESTORE_OK ? filestore_open(handles.options, &handles.service, &handles.error) : code;
}

int32_t make_upload_options(Handles& handles) {
    const char* json = R"({"numbers": [1, 2.50], "text": "a text that is too long for the object itself"})";
    int32_t code = filestore_upload_options_create(&handles.upload, &handles.error);
    if (code == FILESTORE_OK) {
        code = filestore_upload_options_set_metadata_json(handles.upload, json, &handles.error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_upload_options_set_metadata(handles.upload, "key", "value", &handles.error);
    }
    return code;
}

/// Answers a refusal with all its details; the code of the refusal is left out.
int32_t be_refused(Handles& handles) {
    const int32_t code =
        filestore_download_buffer(handles.service, "not an id", nullptr, &handles.buffer, &handles.error);
    if (code != FILESTORE_INVALID_ARGUMENT || filestore_error_code(handles.error) != code) {
        return code;
    }
    filestore_error_destroy(handles.error);
    handles.error = nullptr;
    return FILESTORE_OK;
}

/// An asynchronous call; what it came to, or the code of its start.
int32_t ask_later(Handles& handles) {
    std::atomic<std::int32_t> code{no_answer};
    const int32_t started = filestore_exists_async(handles.service, "00000000-0000-4000-8000-000000000000",
                                                   nullptr, throwing_done, &code, &handles.error);
    return started == FILESTORE_OK ? wait_for_code(code) : started;
}

int32_t use_own_backend(Handles& handles, int* times_destroyed) {
    filestore_backend_table table{};
    table.struct_size = sizeof table;
    table.destroy = throwing_destroy;
    table.list = list_one_file;
    const int32_t code =
        filestore_backend_create(&table, times_destroyed, nullptr, &handles.backend, &handles.error);
    return code == FILESTORE_OK
               ? filestore_backend_list(handles.backend, nullptr, 0, nullptr, &handles.page, &handles.error)
               : code;
}

/// Makes handles of every kind; the code of the first call that fails.
int32_t run_scenario(Handles& handles, const char* base_path, int* times_destroyed) {
    int32_t code = open_store(handles, base_path);
    if (code == FILESTORE_OK) {
        code = make_upload_options(handles);
    }
    if (code == FILESTORE_OK) {
        code = filestore_cancel_create(&handles.cancel, &handles.error);
    }
    if (code == FILESTORE_OK) {
        code = use_own_backend(handles, times_destroyed);
    }
    return code == FILESTORE_OK ? be_refused(handles) : code;
}

/// Whether a run in which an allocation failed ended well: whole, or with an error that says so.
bool ended_well(int32_t code, const filestore_error* error) {
    if (code == FILESTORE_OK) {
        return error == nullptr;
    }
    return code == FILESTORE_NO_MEMORY && filestore_error_code(error) == code &&
           !std::string_view(filestore_error_message(error)).empty();
}

/// What `run` comes to, with the failure of each allocation in turn until one needs no more.
template <class Run>
void fail_each_allocation(std::string_view name, Run&& run) {
    constexpr long most_allocations = 100'000;
    long number = 0;
    bool all_well = true;
    do {
        allocation_failed = false;
        all_well = run(number++) && all_well;
    } while (allocation_failed && number < most_allocations);
    check(all_well, std::string(name) + ": every failed allocation is answered by no_memory or got over");
    check(!allocation_failed && number > 3,
          std::string(name) + ": the loop reached a run that needs no more");
    std::cout << "# " << number << " runs\n";
}

void test_failing_allocator(const char* base_path) {
    int begun = 0;
    int ended = 0;
    fail_each_allocation("handles", [&](long number) {
        int times_destroyed = 0;
        bool is_well = false;
        {
            Handles handles;
            allocations_left = number;
            const int32_t code = run_scenario(handles, base_path, &times_destroyed);
            allocations_left = never;
            begun += handles.backend != nullptr ? 1 : 0;
            is_well = ended_well(code, handles.error);
            if (!is_well) {
                std::cout << "# allocation " << number << ": " << filestore_code_name(code) << ": "
                          << filestore_error_message(handles.error) << '\n';
            }
        }
        ended += times_destroyed;
        return is_well && times_destroyed <= 1;
    });
    check(begun > 0 && ended >= begun, "a backend's context is ended, whatever fails");
}

/// The error of an asynchronous call is in its answer.
void test_failing_allocator_behind(const char* base_path) {
    Handles handles;
    check(open_store(handles, base_path) == FILESTORE_OK, "open");
    fail_each_allocation("asynchronous", [&](long number) {
        allocations_left = number;
        const int32_t code = ask_later(handles);
        allocations_left = never;
        filestore_error_destroy(handles.error);
        handles.error = nullptr;
        return code == FILESTORE_OK || code == FILESTORE_NO_MEMORY;
    });
}

void test_throwing_callbacks(const char* base_path) {
    Handles handles;
    char id[FILESTORE_ID_SIZE];
    check(open_store(handles, base_path) == FILESTORE_OK, "open");
    check(filestore_upload_callback(handles.service, throwing_read, nullptr, nullptr, FILESTORE_UNKNOWN_SIZE,
                                    nullptr, id, nullptr) == FILESTORE_SOURCE_FAILED,
          "a reader that throws");
    filestore_upload_options_create(&handles.upload, nullptr);
    filestore_upload_options_set_progress(handles.upload, throwing_progress, nullptr, nullptr);
    check(filestore_upload_buffer(handles.service, "bytes", 5, handles.upload, id, nullptr) == FILESTORE_OK,
          "a listener that throws");
    filestore_upload_options_set_path(handles.upload, "a.pdf", nullptr);
    filestore_upload_options_set_content_type(handles.upload, "image/png", nullptr);
    check(filestore_upload_buffer(handles.service, "bytes", 5, handles.upload, id, nullptr) == FILESTORE_OK,
          "one who is warned and throws");
    check(filestore_download_callback(handles.service, id, throwing_write, nullptr, nullptr, nullptr) ==
              FILESTORE_SINK_FAILED,
          "a writer that throws");
    check(ask_later(handles) == FILESTORE_OK, "one who hears the end and throws");
    int times_destroyed = 0;
    filestore_backend_table table{};
    table.struct_size = sizeof table;
    table.destroy = throwing_destroy;
    table.list = throwing_list;
    check(filestore_backend_create(&table, &times_destroyed, nullptr, &handles.backend, nullptr) ==
              FILESTORE_OK,
          "backend_create");
    check(filestore_backend_list(handles.backend, nullptr, 0, nullptr, &handles.page, nullptr) ==
              FILESTORE_INTERNAL,
          "a backend that throws");
    filestore_backend_close(handles.backend);
    handles.backend = nullptr;
    check(times_destroyed == 1, "a backend whose end throws");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " DIRECTORY\n";
        return 2;
    }
    const std::string base_path = std::string(argv[1]) + "/barrier";
    test_throwing_callbacks(base_path.c_str());
    test_failing_allocator(base_path.c_str());
    test_failing_allocator_behind(base_path.c_str());
    return failures == 0 ? 0 : 1;
}
