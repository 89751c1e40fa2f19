#include <catch2/catch.hpp>
#include <future>

#include "conformance/feature.h"
#include "http/curl_transport.h"

using namespace filestore;
using namespace filestore::test;

namespace {

struct Answer {
    int status = 0;
    std::string body;
};

/// Uses a URL as anybody would who has only that.
Answer use(const std::string& url, http::Method method, std::string body = {}) {
    class Keeper final : public http::Receiver {
    public:
        Result<void> on_head(const http::ResponseHead& head) override {
            answer.status = head.status;
            return {};
        }
        Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
            answer.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return IoStep{bytes.size(), false};
        }
        void on_done(Result<void> outcome) noexcept override {
            if (!outcome.ok()) {
                answer.status = -1;
            }
            done.set_value(answer);
        }
        Answer answer;
        std::promise<Answer> done;
    };
    http::TransportOptions options;
    options.reactor = std::make_shared<Reactor>();
    const auto transport = http::make_curl_transport(options);
    const auto keeper = std::make_shared<Keeper>();
    auto future = keeper->done.get_future();
    http::Request request;
    request.method = method;
    request.url = url;
    request.body_size = body.size();
    request.body = source_from_string(std::move(body));
    transport->send(std::move(request), keeper);
    return future.get();
}

std::string presigned(StorageBackend& backend, const FileId& id, PresignMethod method) {
    PresignRequest request;
    request.id = id;
    request.method = method;
    const auto url = backend.presign(request);
    REQUIRE(url.ok());
    return url->url;
}

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
    const Answer got = use(presigned(*backend, id, PresignMethod::get), http::Method::get);
    CHECK(got.status == 200);
    CHECK(got.body == "content");
    CHECK(use(presigned(*backend, id, PresignMethod::head), http::Method::head).status == 200);
    CHECK(use(presigned(*backend, id, PresignMethod::put), http::Method::put, "replaced").status == 200);
    CHECK(load_bytes(*backend, id) == "replaced");
    CHECK(use(presigned(*backend, id, PresignMethod::remove), http::Method::remove).status == 204);
    CHECK_FALSE(*backend->exists({id, {}}));
}

S3_FEATURE_TEST_CASE("signature-check", "a presigned URL is for its method and file only", "[presign]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "content");
    const std::string url = presigned(*backend, id, PresignMethod::get);
    CHECK(use(url, http::Method::put, "x").status == 403);
    std::string other = url;
    other.replace(other.find(id.text()), FileId::text_size, store_bytes(*backend, "other").text());
    CHECK(use(other, http::Method::get).status == 403);
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
