/// One measured run: COUNT files of 4 KiB uploaded by 8 threads to a local store, mode full: prints wall and processor seconds. bench/audited.py runs all of them.
///
///     filestore_bench_audited off DIRECTORY COUNT         without a catalogue
///     filestore_bench_audited catalogue DIRECTORY COUNT   with one
///     filestore_bench_audited outbox DIRECTORY COUNT      with one whose outbox notes what is to be told; nobody takes it

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "filestore/service.h"

namespace {

using namespace filestore;

constexpr std::size_t file_size = 4096;
constexpr unsigned uploaders = 8;

template <class T>
T required(Result<T> result) {
    if (!result.ok()) {
        std::fprintf(stderr, "%s\n", std::string(result.error().message()).c_str());
        std::exit(1);
    }
    return std::move(*result);
}

FileService open_service(std::string_view variant, const std::string& directory) {
    ServiceOptions options;
    options.local.base_path = directory;
    options.local.durability = Durability::full;
    options.catalogue_path = variant == "off" ? "off" : directory + ".sqlite";
    // Where nobody listens, so that the sender takes no time from the uploads but that of its attempts.
    options.audit.url = variant == "outbox" ? "http://127.0.0.1:9" : "off";
    options.audit.key = "key";
    options.executor = make_thread_pool({.max_threads = uploaders});
    return required(FileService::open(std::move(options)));
}

void upload(FileService& service, const std::string& content) {
    FileUpload file;
    file.source = source_from_string(content);
    file.path = "a file.txt";
    static_cast<void>(required(service.upload(std::move(file))));
}

double processor_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int count, char** words) {
    if (count != 4) {
        std::fprintf(stderr, "filestore_bench_audited off|catalogue|outbox DIRECTORY COUNT\n");
        return 1;
    }
    FileService service = open_service(words[1], words[2]);
    const std::string content(file_size, 'x');
    // Makes the store and the catalogue.
    upload(service, content);
    std::atomic<int> left{std::atoi(words[3])};
    const auto begun = std::chrono::steady_clock::now();
    const double used_before = processor_seconds();
    std::vector<std::thread> threads;
    for (unsigned each = 0; each < uploaders; ++each) {
        threads.emplace_back([&] {
            while (left-- > 0) {
                upload(service, content);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begun;
    std::printf("%.6f %.6f\n", wall.count(), processor_seconds() - used_before);
}
