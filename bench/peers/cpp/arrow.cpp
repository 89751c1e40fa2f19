/// Arrow's S3FileSystem (aws-sdk-cpp inside), and with the endpoint `file` its LocalFileSystem. Small files go as one PUT.

#include <arrow/buffer.h>
#include <arrow/filesystem/localfs.h>
#include <arrow/filesystem/s3fs.h>
#include <arrow/io/file.h>
#include <arrow/util/thread_pool.h>
#include <unistd.h>

#include <memory>

#include "measure.h"

namespace {

using arrow::Status;
using measure::Job;

void require(const Status& status) {
    if (!status.ok()) {
        measure::give_up(status.ToString());
    }
}

std::shared_ptr<arrow::fs::FileSystem> open_store(const Job& job) {
    if (job.endpoint == "file") {
        return std::make_shared<arrow::fs::LocalFileSystem>();
    }
    auto global = arrow::fs::S3GlobalOptions::Defaults();
    global.log_level = arrow::fs::S3LogLevel::Off;
    require(arrow::fs::InitializeS3(global));
    if (const char* const authority = std::getenv("SSL_CERT_FILE")) {
        require(arrow::fs::Initialize({authority, {}}));
    }
    auto options = arrow::fs::S3Options::FromAccessKey(job.access_key, job.secret_key);
    options.region = measure::region;
    options.scheme = job.endpoint.substr(0, job.endpoint.find(':'));
    options.endpoint_override = job.host();
    options.allow_delayed_open = true;
    options.check_directory_existence_before_creation = false;
    if (job.concurrency > 8) {
        require(arrow::io::SetIOThreadPoolCapacity(static_cast<int>(job.concurrency)));
    }
    auto store = arrow::fs::S3FileSystem::Make(options);
    require(store.status());
    return *store;
}

class Calls {
public:
    explicit Calls(const Job& job) : job_(job), store_(open_store(job)), payload_(measure::payload_of(job)) {}

    Status make(std::size_t number) {
        const std::string path = job_.bucket + "/" + job_.key(number);
        if (job_.operation == "put") {
            return put(path);
        }
        if (job_.operation == "get") {
            return get(path);
        }
        if (job_.operation == "head") {
            ARROW_ASSIGN_OR_RAISE(const auto info, store_->GetFileInfo(path));
            return expect(info.size() == size());
        }
        if (job_.operation == "delete") {
            return store_->DeleteFile(path);
        }
        return list();
    }

private:
    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(job_.size); }

    static Status expect(bool condition) {
        return condition ? Status::OK() : Status::Invalid("another answer than was expected");
    }

    Status put(const std::string& path) {
        ARROW_ASSIGN_OR_RAISE(const auto stream, store_->OpenOutputStream(path));
        if (!job_.streams()) {
            ARROW_RETURN_NOT_OK(stream->Write(payload_.data(), size()));
            return stream->Close();
        }
        ARROW_ASSIGN_OR_RAISE(const auto source, job_.pipe
                                                     ? arrow::io::ReadableFile::Open(::dup(STDIN_FILENO))
                                                     : arrow::io::ReadableFile::Open(job_.file));
        while (true) {
            ARROW_ASSIGN_OR_RAISE(const auto piece, source->Read(measure::part_size));
            if (piece->size() == 0) {
                return stream->Close();
            }
            ARROW_RETURN_NOT_OK(stream->Write(piece));
        }
    }

    Status get(const std::string& path) {
        ARROW_ASSIGN_OR_RAISE(const auto source, store_->OpenInputFile(path));
        if (job_.file.empty()) {
            ARROW_ASSIGN_OR_RAISE(const auto bytes, source->ReadAt(0, size()));
            return expect(bytes->size() == size());
        }
        ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::FileOutputStream::Open(job_.file));
        for (std::int64_t at = 0; at < size();) {
            ARROW_ASSIGN_OR_RAISE(const auto piece, source->ReadAt(at, measure::part_size));
            ARROW_RETURN_NOT_OK(expect(piece->size() > 0));
            ARROW_RETURN_NOT_OK(file->Write(piece));
            at += piece->size();
        }
        return file->Close();
    }

    Status list() {
        arrow::fs::FileSelector selector;
        selector.base_dir = job_.bucket + "/" + job_.list_prefix();
        selector.base_dir.pop_back();
        ARROW_ASSIGN_OR_RAISE(const auto entries, store_->GetFileInfo(selector));
        return expect(entries.size() == job_.size);
    }

    const Job& job_;
    std::shared_ptr<arrow::fs::FileSystem> store_;
    const std::string payload_;
};

}  // namespace

int main(int count, char** words) {
    const Job job = measure::job_of(count, words);
    {
        Calls calls(job);
        measure::run_threads(job, [&calls](std::size_t, std::size_t number) {
            const Status status = calls.make(number);
            if (!status.ok()) {
                std::fprintf(stderr, "%s\n", status.ToString().c_str());
            }
            return status.ok();
        });
    }
    if (job.endpoint != "file") {
        require(arrow::fs::FinalizeS3());
    }
}
