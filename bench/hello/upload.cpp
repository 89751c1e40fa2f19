/// Uploads "hello" to S3 by the C++ library. usage: upload ENDPOINT BUCKET

#include <filestore/s3_backend.h>

#include <cstdio>

namespace {

filestore::Result<void> upload(const char* endpoint, const char* bucket) {
    filestore::S3Options options;
    options.endpoint = endpoint;
    options.bucket = bucket;
    const auto backend = filestore::open_s3_backend(std::move(options));
    if (!backend.ok()) {
        return backend.error();
    }
    filestore::UploadRequest request;
    request.id = filestore::FileId::generate().value();
    request.source = filestore::source_from_string("hello");
    const auto receipt = (*backend)->upload(std::move(request));
    return receipt.ok() ? filestore::Result<void>() : receipt.error();
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) {
        std::fputs("usage: upload ENDPOINT BUCKET\n", stderr);
        return 1;
    }
    const auto done = upload(words[1], words[2]);
    if (!done.ok()) {
        std::fprintf(stderr, "%s\n", std::string(done.error().message()).c_str());
    }
    return done.ok() ? 0 : 1;
}
