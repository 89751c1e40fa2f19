/// Stores what comes by standard input while it comes: a log, a recording, the output of another program. What has come stays in the store as an upload
/// until the input ends, and then becomes a file; where the program dies before that, another run goes on.
///
/// usage: producer | pipe NAME [STORE]
///        producer | pipe --resume ID [STORE]        goes on behind the bytes that are there
///
/// Prints the ID that the file will have before anything else, and how far it is once a second. STORE is a directory, ./storage by default.

#include <filestore/service.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

namespace {

using filestore::FileId;
using filestore::FileService;

int fail(const filestore::Error& error) {
    std::cerr << "pipe: " << error.message() << " (" << filestore::to_string(error.code()) << ")\n";
    return 1;
}

/// Called on a thread of the library.
class Ticker {
public:
    void operator()(const filestore::Progress& progress) {
        const auto now = std::chrono::steady_clock::now();
        if (now - told_ >= std::chrono::seconds(1)) {
            told_ = now;
            std::cerr << progress.bytes_done << " bytes\n";
        }
    }

private:
    std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

/// All that comes, behind what is there.
filestore::Result<filestore::ResumableUpload> append_input(FileService& service,
                                                           const filestore::ResumableUpload& upload) {
    auto input = filestore::source_from_descriptor(STDIN_FILENO);
    if (!input) {
        return input.error();
    }
    filestore::UploadAppend append;
    append.id = upload.id;
    append.offset = upload.offset;
    append.source = std::move(*input);
    append.call.progress = Ticker{};
    return service.append(std::move(append));
}

/// Only at the end it is known how many bytes there are.
filestore::Result<filestore::ResumableUpload> tell_length(FileService& service,
                                                          const filestore::ResumableUpload& upload) {
    filestore::UploadAppend append;
    append.id = upload.id;
    append.offset = upload.offset;
    append.length = upload.offset;
    append.source = filestore::source_from_string({});
    return service.append(std::move(append));
}

int store_input(FileService& service, const filestore::ResumableUpload& upload) {
    std::cout << upload.id.text() << std::endl;
    auto state = append_input(service, upload);
    if (state && !state->length) {
        state = tell_length(service, *state);
    }
    if (!state) {
        std::cerr << "pipe: what has come stays: pipe --resume " << upload.id.text() << '\n';
        return fail(state.error());
    }
    if (const auto id = service.finish_upload({upload.id, {}}); !id) {
        return fail(id.error());
    }
    std::cerr << state->offset << " bytes stored\n";
    return 0;
}

filestore::Result<filestore::ResumableUpload> begin(FileService& service, const std::string& name) {
    filestore::NewUpload upload;
    upload.path = name;
    return service.begin_upload(std::move(upload));
}

filestore::Result<filestore::ResumableUpload> go_on(FileService& service, const std::string& text) {
    const auto id = FileId::parse(text);
    if (!id) {
        return id.error();
    }
    auto upload = service.resumable_upload({*id, {}});
    if (upload && upload->finished) {
        return filestore::Error(filestore::ErrorCode::conflict, text + " is a file already");
    }
    return upload;
}

}  // namespace

int main(int argc, char** argv) {
    const bool resumes = argc > 1 && std::string_view(argv[1]) == "--resume";
    const int first = resumes ? 2 : 1;
    if (argc <= first || argc > first + 2) {
        std::cerr << "usage: " << argv[0] << " NAME|--resume ID [STORE]\n";
        return 2;
    }
    filestore::ServiceOptions options;
    if (argc == first + 2) {
        options.local.base_path = argv[first + 1];
    }
    auto service = FileService::open(std::move(options));
    if (!service) {
        return fail(service.error());
    }
    const auto upload = resumes ? go_on(*service, argv[first]) : begin(*service, argv[first]);
    return upload ? store_input(*service, *upload) : fail(upload.error());
}
