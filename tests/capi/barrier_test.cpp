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
void throwing_warning(void*, const char*, const char*, const char*, const char*) {
    throw std::runtime_error("warning");
}

/// The handles of one scenario. A resource; one thread at a time.
struct Handles {
    filestore_options* options = nullptr;
    filestore_service* service = nullptr;
    filestore_upload_options* upload = nullptr;
    filestore_buffer* buffer = nullptr;
    filestore_cancel* cancel = nullptr;
    filestore_error* error = nullptr;

    Handles() = default;
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;
    ~Handles() {
        filestore_error_destroy(error);
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

/// Makes handles of every kind; the code of the first call that fails.
int32_t run_scenario(Handles& handles, const char* base_path) {
    int32_t code = open_store(handles, base_path);
    if (code == FILESTORE_OK) {
        code = make_upload_options(handles);
    }
    if (code == FILESTORE_OK) {
        code = filestore_cancel_create(&handles.cancel, &handles.error);
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

void test_failing_allocator(const char* base_path) {
    constexpr long most_allocations = 100'000;
    long number = 0;
    bool all_well = true;
    do {
        Handles handles;
        allocation_failed = false;
        allocations_left = number++;
        const int32_t code = run_scenario(handles, base_path);
        allocations_left = never;
        if (!ended_well(code, handles.error)) {
            all_well = false;
            std::cout << "# allocation " << number << ": " << filestore_code_name(code) << ": "
                      << filestore_error_message(handles.error) << '\n';
        }
    } while (allocation_failed && number < most_allocations);
    check(all_well, "every failed allocation is answered by no_memory or got over");
    check(!allocation_failed && number > 10, "the loop reached a run that needs no more");
    std::cout << "# " << number << " runs\n";
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
    return failures == 0 ? 0 : 1;
}
