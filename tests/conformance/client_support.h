#pragma once

/// What the cases of S3Client share.

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "conformance/feature.h"
#include "filestore/s3_client.h"
#include "support/code_of.h"

namespace filestore::test {

/// A client on the server of a store, and names under its prefix.
class ClientOnStore {
public:
    explicit ClientOnStore(const TestStore& store, S3ClientOptions options)
        : bucket_(store.options().s3.bucket),
          prefix_(store.options().s3.key_prefix),
          client_(S3Client::open(std::move(options)).value()) {}
    explicit ClientOnStore(const TestStore& store) : ClientOnStore(store, store.options().s3) {}

    [[nodiscard]] S3Client& operator*() noexcept { return client_; }
    [[nodiscard]] S3Client* operator->() noexcept { return &client_; }
    [[nodiscard]] const std::string& bucket() const noexcept { return bucket_; }
    [[nodiscard]] std::string key(const std::string& name) const { return prefix_ + name; }

    [[nodiscard]] S3PutRequest put_request(const std::string& name, std::string bytes) const {
        S3PutRequest request;
        request.bucket = bucket_;
        request.key = key(name);
        request.source = source_from_string(std::move(bytes));
        return request;
    }

    [[nodiscard]] S3ObjectRequest object(const std::string& name) const {
        S3ObjectRequest request;
        request.bucket = bucket_;
        request.key = key(name);
        return request;
    }

    /// Stores; the case fails when that does.
    S3PutResult put(const std::string& name, std::string bytes) {
        return required(client_.put(put_request(name, std::move(bytes))));
    }

    /// Reads it whole, or the range of it.
    std::string get(const std::string& name, std::optional<ByteRange> range = std::nullopt) {
        const auto sink = std::make_shared<BufferSink>();
        S3GetRequest request;
        request.bucket = bucket_;
        request.key = key(name);
        request.sink = sink;
        request.range = range;
        static_cast<void>(required(client_.get(std::move(request))));
        return sink->take();
    }

    template <class T>
    static T required(Result<T> result) {
        INFO((result.ok() ? "" : result.error().message()));
        REQUIRE(result.ok());
        return std::move(*result);
    }

private:
    std::string bucket_;
    std::string prefix_;
    S3Client client_;
};

/// How many uploads to this key were begun and not ended.
[[nodiscard]] inline std::size_t uploads_left(ClientOnStore& client, const std::string& name) {
    S3SweepRequest request;
    request.bucket = client.bucket();
    // MinIO knows no prefix but a whole key.
    request.prefix = client.key(name);
    request.older_than = std::chrono::seconds(0);
    request.dry_run = true;
    const auto uploads = ClientOnStore::required(client->sweep_uploads(std::move(request)));
    return static_cast<std::size_t>(
        std::count_if(uploads.begin(), uploads.end(),
                      [&](const S3PendingUpload& upload) { return upload.key == client.key(name); }));
}

/// What a download came to: the bytes, or the name of its failure.
[[nodiscard]] inline std::string text_of(const Result<S3GetResult>& got,
                                         const std::shared_ptr<BufferSink>& sink) {
    return got.ok() ? sink->bytes() : std::string(to_string(got.error().code()));
}

/// Servers give metadata back in an order of their own.
[[nodiscard]] inline std::vector<S3Field> sorted(std::vector<S3Field> fields) {
    std::sort(fields.begin(), fields.end(),
              [](const S3Field& a, const S3Field& b) { return a.name < b.name; });
    return fields;
}

/// A source of these bytes that does not tell their number.
[[nodiscard]] inline std::shared_ptr<Source> source_of_unknown_size(std::string bytes) {
    CallbackSource callbacks;
    callbacks.blocking = false;
    callbacks.read = [inner = source_from_string(std::move(bytes))](
                         std::span<std::byte> into, const Wake& wake) { return inner->read(into, wake); };
    return source_from_callback(std::move(callbacks));
}

}  // namespace filestore::test
