#include <catch2/catch.hpp>
#include <memory>

#include "conformance/client_support.h"
#include "conformance/plain_http.h"

using namespace filestore;
using namespace filestore::test;

namespace {

std::string presigned(StorageBackend& backend, const FileId& id, PresignMethod method) {
    PresignRequest request;
    request.id = id;
    request.method = method;
    const auto url = backend.presign(request);
    REQUIRE(url.ok());
    return url->url;
}

/// Tells a time that is wrong by so much.
class ShiftedClock final : public Clock {
public:
    explicit ShiftedClock(std::chrono::seconds shift) : shift_(shift) {}
    [[nodiscard]] Timestamp now() const noexcept override { return system_clock()->now() + shift_; }

private:
    std::chrono::seconds shift_;
};

}  // namespace

FEATURE_TEST_CASE("signing", "a presigned URL works without keys", "[presign]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "content");
    if (!backend->capabilities().presign) {
        PresignRequest request;
        request.id = id;
        CHECK(backend->presign(request).error().code() == ErrorCode::unsupported);
        return;
    }
    const PlainAnswer got = ask(store, http::Method::get, presigned(*backend, id, PresignMethod::get));
    CHECK(got.status == 200);
    CHECK(got.body == "content");
    CHECK(ask(store, http::Method::head, presigned(*backend, id, PresignMethod::head)).status == 200);
    CHECK(ask(store, http::Method::put, presigned(*backend, id, PresignMethod::put), "replaced").status ==
          200);
    CHECK(load_bytes(*backend, id) == "replaced");
    CHECK(ask(store, http::Method::remove, presigned(*backend, id, PresignMethod::remove)).status == 204);
    CHECK_FALSE(*backend->exists({id, {}}));
}

S3_FEATURE_TEST_CASE("signature-check", "a presigned URL is for its method and file only", "[presign]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "content");
    const std::string url = presigned(*backend, id, PresignMethod::get);
    CHECK(ask(store, http::Method::put, url, "x").status == 403);
    std::string other = url;
    other.replace(other.find(id.text()), FileId::text_size, store_bytes(*backend, "other").text());
    CHECK(ask(store, http::Method::get, other).status == 403);
    CHECK(load_bytes(*backend, id) == "content");
}

FEATURE_TEST_CASE("signing", "a presigned URL lasts 1 second to 7 days", "[presign]") {
    const auto backend = store.open_backend();
    for (const int seconds : {0, 7 * 24 * 3600 + 1}) {
        PresignRequest request;
        request.id = *FileId::generate();
        request.expires = std::chrono::seconds(seconds);
        const auto url = backend->presign(request);
        REQUIRE_FALSE(url.ok());
        CHECK((url.error().code() == ErrorCode::invalid_argument ||
               url.error().code() == ErrorCode::unsupported));
    }
}

S3_FEATURE_TEST_CASE("presign-expiry", "a presigned URL is refused after its time", "[presign]") {
    const FileId id = store_bytes(*store.open_backend(), "content");
    for (const auto& [signed_ago, holds] :
         {std::pair(std::chrono::minutes(5), true), std::pair(std::chrono::minutes(20), false)}) {
        S3Options options = store.options().s3;
        options.clock = std::make_shared<ShiftedClock>(-signed_ago);
        const auto backend = open_s3_backend(options).value();
        PresignRequest request;
        request.id = id;
        request.expires = std::chrono::minutes(10);
        const auto url = backend->presign(request);
        REQUIRE(url.ok());
        const int status = ask(store, http::Method::get, url->url).status;
        CAPTURE(status);
        CHECK((holds ? status == 200 : status == 400 || status == 403));
        CHECK((url->expires_at > system_clock()->now()) == holds);
    }
}

S3_FEATURE_TEST_CASE("signing", "a presigned upload has the type that was signed", "[presign]") {
    ClientOnStore client(store);
    S3PresignRequest request;
    request.bucket = client.bucket();
    request.key = client.key("typed");
    request.method = PresignMethod::put;
    request.content_type = "text/x-signed";
    const PresignedUrl url = ClientOnStore::required(client->presign(request));
    CHECK(ask(store, http::Method::put, url.url, "bytes", {{"Content-Type", "text/x-signed"}}).status == 200);
    CHECK(ClientOnStore::required(client->head(client.object("typed"))).content_type == "text/x-signed");
}

S3_FEATURE_TEST_CASE("signature-check", "a presigned upload of another type is refused", "[presign]") {
    ClientOnStore client(store);
    S3PresignRequest request;
    request.bucket = client.bucket();
    request.key = client.key("typed");
    request.method = PresignMethod::put;
    request.content_type = "text/x-signed";
    const PresignedUrl url = ClientOnStore::required(client->presign(request));
    CHECK(ask(store, http::Method::put, url.url, "bytes", {{"Content-Type", "text/x-other"}}).status == 403);
}
