/// Does one operation on a file of 4 KiB between two calls of getpriority(), for a tracer to count what the system is asked for.
///
///     filestore_counted_calls DIRECTORY none|data|full upload|replacement|download|unchecked|exists|metadata|removal

#include <sys/resource.h>

#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/local_backend.h"
#include "support/executors.h"

namespace {

using namespace filestore;
using filestore::test::ManualExecutor;

constexpr std::size_t file_size = 4096;

struct Program {
    /// Tasks run on the one thread of the program, so that no call is of threads.
    std::shared_ptr<ManualExecutor> thread = std::make_shared<ManualExecutor>();
    std::shared_ptr<StorageBackend> backend;
    std::string bytes = std::string(file_size, 'x');
    std::optional<bool> succeeded;

    template <class T>
    Completion<T> ends() {
        return [this](const Result<T>& result) {
            if (!result.ok()) {
                std::fprintf(stderr, "%s\n", std::string(result.error().message()).c_str());
            }
            succeeded = result.ok();
        };
    }

    void upload(const FileId& id) {
        UploadRequest request;
        request.id = id;
        request.original_path = "a file";
        request.source = source_from_span(std::as_bytes(std::span(bytes)));
        backend->upload_async(std::move(request), ends<UploadReceipt>());
    }

    void download(const FileId& id) {
        DownloadRequest request;
        request.id = id;
        request.sink = std::make_shared<BufferSink>();
        backend->download_async(std::move(request), ends<DownloadReceipt>());
    }

    static FileRequest request_of(const FileId& id) {
        FileRequest request;
        request.id = id;
        return request;
    }

    bool run(std::string_view operation, const FileId& id) {
        if (operation == "upload" || operation == "replacement") {
            upload(id);
        } else if (operation == "download" || operation == "unchecked") {
            download(id);
        } else if (operation == "exists") {
            backend->exists_async(request_of(id), ends<bool>());
        } else if (operation == "metadata") {
            backend->metadata_async(request_of(id), ends<FileInfo>());
        } else if (operation == "removal") {
            backend->remove_async(request_of(id), ends<bool>());
        }
        thread->run_all();
        return succeeded.value_or(false);
    }
};

void mark() {
    static_cast<void>(::getpriority(PRIO_PROCESS, 0));
}

FileId id_of(char digit) {
    return FileId::parse("6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3" + std::string(1, digit)).value();
}

}  // namespace

int main(int argc, char** argv) {
    const std::map<std::string_view, Durability> modes{
        {"none", Durability::none}, {"data", Durability::data}, {"full", Durability::full}};
    if (argc != 4 || !modes.contains(argv[2])) {
        return 2;
    }
    const std::string_view operation = argv[3];
    Program program;
    LocalOptions options;
    options.base_path = argv[1];
    options.durability = modes.at(argv[2]);
    options.executor = program.thread;
    options.verify_downloads = operation == "unchecked" ? DownloadCheck::none : DownloadCheck::size;
    program.backend = open_local_backend(std::move(options)).value();
    // Before a store is in use it opens more.
    const FileId first = id_of('1');
    const FileId second = id_of('2');
    bool all_succeeded = program.run("upload", first) && program.run("download", first);
    if (operation != "upload") {
        all_succeeded = program.run("upload", second) && all_succeeded;
    }
    mark();
    all_succeeded = program.run(operation, second) && all_succeeded;
    mark();
    return all_succeeded ? 0 : 1;
}
