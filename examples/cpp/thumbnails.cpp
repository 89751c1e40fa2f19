/// Makes thumbnails of stored pictures (PPM, type P6): each is streamed from the store, as from S3, made smaller while it comes, and written to disk; no
/// picture is ever in memory as a whole.
///
/// usage: thumbnails STORAGE.YAML FACTOR DIRECTORY [ID...]
///
/// Writes DIRECTORY/ID.ppm, with a FACTOR-th of the width and height, whole or not at all; without IDs of all files. What cannot be made smaller is told of,
/// and the rest goes on; the exit code is 1 then.

#include <filestore/service.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shrinker.h"

namespace {

namespace fs = std::filesystem;
using filestore::ErrorCode;
using filestore::FileId;
using filestore::FileService;

/// A file that gets its name once it is whole. A resource; one thread at a time.
class Output {
public:
    explicit Output(fs::path path)
        : path_(std::move(path)), file_(part(), std::ios::binary | std::ios::trunc) {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() {
        std::error_code ignored;
        fs::remove(part(), ignored);
    }

    void write(std::string_view bytes) {
        file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    [[nodiscard]] bool good() const { return file_.good(); }

    [[nodiscard]] bool publish() {
        file_.close();
        std::error_code failure;
        if (file_.good()) {
            fs::rename(part(), path_, failure);
        }
        return file_.good() && !failure;
    }

private:
    [[nodiscard]] fs::path part() const { return path_.string() + ".part"; }

    fs::path path_;
    std::ofstream file_;
};

filestore::Result<void> refuse(const std::string& problem) {
    return filestore::Error(ErrorCode::sink_failed, problem);
}

/// What the library hands the bytes of a download to, on one thread at a time.
std::shared_ptr<filestore::Sink> sink_through(std::shared_ptr<Shrinker> shrinker,
                                              std::shared_ptr<Output> output) {
    filestore::CallbackSink sink;
    sink.write = [shrinker, output](std::span<const std::byte> bytes,
                                    const filestore::Wake&) -> filestore::Result<filestore::IoStep> {
        if (auto problem = shrinker->take(bytes); !problem.empty()) {
            return filestore::Error(ErrorCode::sink_failed, problem);
        }
        if (!output->good()) {
            return filestore::Error(ErrorCode::sink_failed, "the thumbnail cannot be written");
        }
        return filestore::IoStep{bytes.size(), false};
    };
    sink.finish = [shrinker, output]() -> filestore::Result<void> {
        if (auto problem = shrinker->finish(); !problem.empty()) {
            return refuse(problem);
        }
        return output->publish() ? filestore::Result<void>() : refuse("the thumbnail cannot be written");
    };
    return filestore::sink_to_callback(std::move(sink));
}

filestore::Result<void> shrink(FileService& service, const FileId& id, std::uint32_t factor,
                               const fs::path& directory) {
    const auto output = std::make_shared<Output>(directory / (id.str() + ".ppm"));
    const auto emit = [output](std::string_view bytes) { output->write(bytes); };
    filestore::DownloadRequest request;
    request.id = id;
    request.sink = sink_through(std::make_shared<Shrinker>(factor, emit), output);
    if (const auto receipt = service.download(std::move(request)); !receipt) {
        return receipt.error();
    }
    return {};
}

filestore::Result<std::vector<FileId>> all_files(FileService& service) {
    std::vector<FileId> ids;
    std::optional<std::string> cursor = "";
    while (cursor) {
        filestore::ListRequest request;
        request.cursor = *cursor;
        auto page = service.list(std::move(request));
        if (!page) {
            return page.error();
        }
        for (const auto& file : page->files) {
            ids.push_back(file.id);
        }
        cursor = page->next;
    }
    return ids;
}

filestore::Result<std::vector<FileId>> parse(char** begin, char** end) {
    std::vector<FileId> ids;
    for (; begin != end; ++begin) {
        const auto id = FileId::parse(*begin);
        if (!id) {
            return id.error();
        }
        ids.push_back(*id);
    }
    return ids;
}

int fail(std::string_view what, const filestore::Error& error) {
    std::cerr << what << ": " << error.message() << " (" << filestore::to_string(error.code()) << ")\n";
    return 1;
}

filestore::Result<FileService> open(const std::string& config) {
    auto options = filestore::load_config_file(config);
    if (!options) {
        return options.error();
    }
    return FileService::open(std::move(*options));
}

int shrink_all(FileService& service, const std::vector<FileId>& ids, std::uint32_t factor,
               const fs::path& directory) {
    int exit_code = 0;
    for (const FileId& id : ids) {
        if (const auto made = shrink(service, id, factor, directory); made) {
            std::cout << id.text() << '\n';
        } else {
            exit_code = fail(id.text(), made.error());
        }
    }
    return exit_code;
}

std::uint32_t factor_of(std::string_view text) {
    std::uint32_t factor = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), factor);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size() && factor <= 1000 ? factor : 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint32_t factor = argc > 3 ? factor_of(argv[2]) : 0;
    if (factor == 0) {
        std::cerr << "usage: " << argv[0]
                  << " STORAGE.YAML FACTOR DIRECTORY [ID...]        FACTOR: 1 to 1000\n";
        return 2;
    }
    auto service = open(argv[1]);
    if (!service) {
        return fail("thumbnails", service.error());
    }
    const auto ids = argc > 4 ? parse(argv + 4, argv + argc) : all_files(*service);
    if (!ids) {
        return fail("thumbnails", ids.error());
    }
    return shrink_all(*service, *ids, factor, argv[3]);
}
