/// One measured run of the local backend, or of the plain loop that stands beside it: prints wall and processor seconds. bench/local.py runs all of them.
///
///     filestore_bench_local upload DIRECTORY COUNT        COUNT files of 4 KiB, mode none, with their metadata
///     filestore_bench_local upload-blocking ...           the same by blocking calls
///     filestore_bench_local upload-loop DIRECTORY COUNT   write and rename, and a sidecar, for each
///     filestore_bench_local download DIRECTORY COUNT      of what `upload` left there
///     filestore_bench_local download-blocking ...
///     filestore_bench_local download-unchecked ...        with DownloadCheck::none
///     filestore_bench_local download-unchecked-blocking ...
///     filestore_bench_local download-loop ...             open, read and close each
///     filestore_bench_local download-loop-both ...        the same of the file and of its sidecar
///     filestore_bench_local durable DIRECTORY COUNT       mode full, from 16 threads
///     filestore_bench_local durable-loop DIRECTORY COUNT  write, fsync, rename and fsync of the directory for each, by 16 threads
///     filestore_bench_local durable-log DIRECTORY COUNT   the same bytes appended to a file by 16 threads, one flush for all that wait
///     filestore_bench_local copy DIRECTORY FILE on|off    one file, mode none, with or without its checksum

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "filestore/local_backend.h"
#include "support/executors.h"

namespace {

using namespace filestore;
using filestore::test::ManualExecutor;

constexpr std::size_t file_size = 4096;
constexpr int durable_threads = 16;
constexpr std::size_t calls_at_once = 8;
const std::string content(file_size, 'x');

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
}

void require(bool condition, const char* what) {
    if (!condition) {
        std::perror(what);
        std::exit(1);
    }
}

template <class T>
void require_ok(const Result<T>& result) {
    if (!result.ok()) {
        fail(std::string(result.error().message()));
    }
}

/// As far apart as random ones are: files whose IDs begin alike wait for each other's locks.
FileId id_of(int number) {
    char text[FileId::text_size + 1];
    const unsigned spread = static_cast<unsigned>(number) * 2654435761U;
    std::snprintf(text, sizeof text, "%08x-3f1b-4c43-9d1e-0a4c8a1b2c3d", spread);
    return FileId::parse(text).value();
}

std::shared_ptr<StorageBackend> open_store(const std::string& directory, Durability durability,
                                           std::shared_ptr<Executor> executor = {}, bool checksum = true,
                                           DownloadCheck check = DownloadCheck::size) {
    LocalOptions options;
    options.verify_downloads = check;
    options.base_path = directory;
    options.durability = durability;
    options.executor = std::move(executor);
    if (!checksum) {
        options.checksum.reset();
    }
    return open_local_backend(std::move(options)).value();
}

UploadRequest upload_of(const FileId& id, std::shared_ptr<Source> source) {
    UploadRequest request;
    request.id = id;
    request.original_path = "a file.bin";
    request.source = std::move(source);
    return request;
}

DownloadRequest download_of(const FileId& id) {
    DownloadRequest request;
    request.id = id;
    request.sink = std::make_shared<BufferSink>();
    return request;
}

std::shared_ptr<Source> small_source() {
    return source_from_span(std::as_bytes(std::span(content)));
}

/// Calls start(number) for each number; some calls are under way at a time. All on this thread, as in a program with an event loop.
template <class Start>
void run_calls(ManualExecutor& thread, int count, const Start& start) {
    for (int number = 0; number < count; ++number) {
        start(number);
        if (static_cast<std::size_t>(number) % calls_at_once == calls_at_once - 1) {
            thread.run_all();
        }
    }
    thread.run_all();
}

void upload(const std::string& directory, int count) {
    const auto thread = std::make_shared<ManualExecutor>();
    const auto store = open_store(directory, Durability::none, thread);
    run_calls(*thread, count, [&](int number) {
        store->upload_async(upload_of(id_of(number), small_source()),
                            [](const Result<UploadReceipt>& result) { require_ok(result); });
    });
}

void upload_blocking(const std::string& directory, int count) {
    const auto store = open_store(directory, Durability::none);
    for (int number = 0; number < count; ++number) {
        require_ok(store->upload(upload_of(id_of(number), small_source())));
    }
}

template <DownloadCheck check>
void download(const std::string& directory, int count) {
    const auto thread = std::make_shared<ManualExecutor>();
    const auto store = open_store(directory, Durability::none, thread, true, check);
    run_calls(*thread, count, [&](int number) {
        store->download_async(download_of(id_of(number)),
                              [](const Result<DownloadReceipt>& result) { require_ok(result); });
    });
}

template <DownloadCheck check>
void download_blocking(const std::string& directory, int count) {
    const auto store = open_store(directory, Durability::none, {}, true, check);
    for (int number = 0; number < count; ++number) {
        require_ok(store->download(download_of(id_of(number))));
    }
}

void write_whole(int descriptor, std::string_view bytes) {
    require(::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
}

std::string sidecar_of(const std::string& id) {
    return R"({"file_id":")" + id + R"(","original_path":"a file.bin","size":4096})";
}

void upload_loop(const std::string& directory, int count) {
    ::mkdir(directory.c_str(), 0700);
    ::mkdir((directory + "/metadata").c_str(), 0700);
    for (int number = 0; number < count; ++number) {
        const std::string id = id_of(number).str();
        const std::string path = directory + "/" + id;
        const std::string temporary = path + ".tmp";
        {
            const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
            require(file.is_open(), "open");
            write_whole(file.get(), content);
        }
        require(::rename(temporary.c_str(), path.c_str()) == 0, "rename");
        const std::string sidecar = directory + "/metadata/" + id + ".json";
        const Descriptor file(::open(sidecar.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        require(file.is_open(), "open");
        write_whole(file.get(), sidecar_of(id));
    }
}

void read_whole(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    require(file.is_open(), "open");
    char bytes[2 * file_size];
    require(::read(file.get(), bytes, sizeof bytes) > 0, "read");
}

void download_loop(const std::string& directory, int count) {
    for (int number = 0; number < count; ++number) {
        read_whole(directory + "/" + id_of(number).str());
    }
}

void download_loop_both(const std::string& directory, int count) {
    for (int number = 0; number < count; ++number) {
        const std::string id = id_of(number).str();
        read_whole(directory + "/metadata/" + id + ".json");
        read_whole(directory + "/" + id);
    }
}

void run_in_threads(int count, const std::function<void(int number)>& work) {
    std::atomic<int> next{0};
    std::vector<std::thread> threads;
    for (int each = 0; each < durable_threads; ++each) {
        threads.emplace_back([&] {
            for (int number = next++; number < count; number = next++) {
                work(number);
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
}

void durable(const std::string& directory, int count) {
    const auto store =
        open_store(directory, Durability::full, make_thread_pool({.max_threads = durable_threads}));
    run_in_threads(count,
                   [&](int number) { require_ok(store->upload(upload_of(id_of(number), small_source()))); });
}

void durable_loop(const std::string& directory, int count) {
    ::mkdir(directory.c_str(), 0700);
    const Descriptor base(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    run_in_threads(count, [&](int number) {
        const std::string name = id_of(number).str();
        const std::string temporary = name + ".tmp";
        const Descriptor file(
            ::openat(base.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        require(file.is_open(), "open");
        write_whole(file.get(), content);
        require(::fsync(file.get()) == 0, "fsync");
        require(::renameat(base.get(), temporary.c_str(), base.get(), name.c_str()) == 0, "rename");
        require(::fsync(base.get()) == 0, "fsync of the directory");
    });
}

/// Who waits shares one write and one flush with all the others. The file has all of its blocks from the beginning, and is written again from there once it is full.
class Log {
public:
    explicit Log(const std::string& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
        require(file_.is_open(), "open");
        write_whole(file_.get(), std::string(size, '\0'));
        require(::fsync(file_.get()) == 0, "fsync");
    }

    void append(std::string_view record) {
        std::unique_lock lock(mutex_);
        batch_ += record;
        const int mine = batches_begun_;
        done_.wait(lock, [&] { return batches_flushed_ > mine || !is_flushing_; });
        if (batches_flushed_ > mine) {
            return;
        }
        is_flushing_ = true;
        ++batches_begun_;
        const std::string bytes = std::exchange(batch_, {});
        lock.unlock();
        write_and_flush(bytes);
        lock.lock();
        batches_flushed_ = batches_begun_;
        is_flushing_ = false;
        done_.notify_all();
    }

private:
    static constexpr std::size_t size = std::size_t{1} << 20;

    void write_and_flush(std::string_view bytes) {
        if (end_ + bytes.size() > size) {
            end_ = 0;
        }
        const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(end_));
        require(written == static_cast<ssize_t>(bytes.size()), "write");
        require(::fdatasync(file_.get()) == 0, "fdatasync");
        end_ += bytes.size();
    }

    Descriptor file_;
    /// Of the thread that flushes.
    std::size_t end_ = 0;
    std::mutex mutex_;
    std::condition_variable done_;
    std::string batch_;
    int batches_begun_ = 0;
    int batches_flushed_ = 0;
    bool is_flushing_ = false;
};

void durable_log(const std::string& directory, int count) {
    ::mkdir(directory.c_str(), 0700);
    Log log(directory + "/log");
    run_in_threads(count, [&](int number) { log.append(content + sidecar_of(id_of(number).str())); });
}

void copy(const std::string& directory, const std::string& file, bool checksum) {
    const auto thread = std::make_shared<ManualExecutor>();
    const auto store = open_store(directory, Durability::none, thread, checksum);
    store->upload_async(upload_of(id_of(0), source_from_path(file).value()),
                        [](const Result<UploadReceipt>& result) { require_ok(result); });
    thread->run_all();
}

double processor_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void measure(const std::function<void()>& work) {
    const double processor = processor_seconds();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::printf("%.6f %.6f\n", wall.count(), processor_seconds() - processor);
}

}  // namespace

int main(int argc, char** argv) {
    using Run = void (*)(const std::string& directory, int count);
    const std::map<std::string_view, Run> runs{
        {"upload", upload},
        {"upload-blocking", upload_blocking},
        {"upload-loop", upload_loop},
        {"download", download<DownloadCheck::size>},
        {"download-blocking", download_blocking<DownloadCheck::size>},
        {"download-unchecked", download<DownloadCheck::none>},
        {"download-unchecked-blocking", download_blocking<DownloadCheck::none>},
        {"download-loop", download_loop},
        {"download-loop-both", download_loop_both},
        {"durable", durable},
        {"durable-loop", durable_loop},
        {"durable-log", durable_log}};
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 4 && words[0] == "copy") {
        measure([&] { copy(words[1], words[2], words[3] == "on"); });
    } else if (words.size() == 3 && runs.contains(words[0])) {
        measure([&] { runs.at(words[0])(words[1], std::atoi(words[2].c_str())); });
    } else {
        fail("see the head of bench/local.cpp");
    }
}
