#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "conformance/stores.h"
#include "conformance/toxiproxy.h"
#include "support/random_bytes.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// A store on versitygw, and a spoiled way to it.
struct SpoiledStore {
    TestStore store{"versitygw"};
    ToxicPort port{store.options().s3.endpoint};
    std::shared_ptr<StorageBackend> straight = store.open_backend();

    [[nodiscard]] std::shared_ptr<StorageBackend> spoiled() const {
        S3Options options = store.options().s3;
        options.endpoint = port.endpoint();
        options.retry = {.max_attempts = 3, .first_delay = std::chrono::milliseconds(1)};
        return open_s3_backend(options).value();
    }
};

/// Nothing where the proxy or the server does not run, which is a failure where it was asked for.
std::optional<SpoiledStore> open_spoiled_store() {
    const auto running = store_names();
    if (!toxiproxy_url().empty() && std::count(running.begin(), running.end(), "versitygw") == 1) {
        return std::optional<SpoiledStore>(std::in_place);
    }
    std::cerr << "SKIPPED: a case on spoiled connections; tests/servers/up versitygw toxiproxy\n";
    CHECK(std::getenv("CI") == nullptr);
    return std::nullopt;
}

void round_trip(StorageBackend& backend, std::size_t size) {
    const std::string bytes = random_bytes(size);
    const FileId id = store_bytes(backend, bytes);
    CHECK(load_bytes(backend, id) == bytes);
    CHECK(backend.metadata({id, {}})->size == size);
    CHECK(list_ids(backend) == std::vector<FileId>{id});
}

bool is_clean(const Error& error) {
    return error.code() == ErrorCode::unavailable || error.code() == ErrorCode::timeout;
}

/// Makes `count` uploads: each says the truth about what is stored.
void upload_often(const SpoiledStore& store, std::size_t size, int count) {
    const auto backend = store.spoiled();
    for (int i = 0; i < count; ++i) {
        const std::string bytes = random_bytes(size, static_cast<std::uint64_t>(i));
        UploadRequest request = upload_of(bytes);
        const FileId id = request.id;
        const auto receipt = backend->upload(std::move(request));
        const bool stored = *store.straight->exists({id, {}});
        if (receipt.ok()) {
            REQUIRE(stored);
        } else {
            INFO(receipt.error().message());
            CHECK(is_clean(receipt.error()));
        }
        if (stored) {
            CHECK(load_bytes(*store.straight, id) == bytes);
        }
    }
}

/// Makes `count` downloads: each gives all bytes, or fails.
void download_often(const SpoiledStore& store, std::size_t size, int count) {
    const std::string bytes = random_bytes(size);
    const FileId id = store_bytes(*store.straight, bytes);
    const auto backend = store.spoiled();
    for (int i = 0; i < count; ++i) {
        const auto sink = std::make_shared<BufferSink>();
        DownloadRequest request;
        request.id = id;
        request.sink = sink;
        const auto receipt = backend->download(std::move(request));
        if (receipt.ok()) {
            CHECK(sink->bytes() == bytes);
        } else {
            INFO(receipt.error().message());
            CHECK(is_clean(receipt.error()));
        }
    }
}

}  // namespace

TEST_CASE("files pass whole where every packet is late", "[toxic]") {
    if (auto store = open_spoiled_store()) {
        store->port.add_downstream("latency", R"({"latency":40,"jitter":30})");
        store->port.add_upstream("latency", R"({"latency":40,"jitter":30})");
        round_trip(*store->spoiled(), 300'000);
    }
}

TEST_CASE("files pass whole over a slow line", "[toxic]") {
    if (auto store = open_spoiled_store()) {
        store->port.add_downstream("bandwidth", R"({"rate":400})");
        store->port.add_upstream("bandwidth", R"({"rate":400})");
        round_trip(*store->spoiled(), 200'000);
    }
}

TEST_CASE("files pass whole where every packet is cut into small ones", "[toxic]") {
    if (auto store = open_spoiled_store()) {
        const char* slices = R"({"average_size":50,"size_variation":40,"delay":20})";
        store->port.add_downstream("slicer", slices);
        store->port.add_upstream("slicer", slices);
        round_trip(*store->spoiled(), 100'000);
    }
}

TEST_CASE("a server that resets connections is unavailable", "[toxic]") {
    if (auto store = open_spoiled_store()) {
        const FileId id = store_bytes(*store->straight, "x");
        store->port.add_downstream("reset_peer", R"({"timeout":0})");
        const auto backend = store->spoiled();
        const auto exists = backend->exists({id, {}});
        REQUIRE_FALSE(exists.ok());
        CHECK(exists.error().code() == ErrorCode::unavailable);
        upload_often(*store, 300'000, 3);
        download_often(*store, 300'000, 3);
    }
}

TEST_CASE("every call tells the truth where half of the connections are reset", "[toxic]") {
    if (auto store = open_spoiled_store()) {
        store->port.add_downstream("reset_peer", R"({"timeout":5})", 0.5);
        upload_often(*store, 100'000, 20);
        download_often(*store, 100'000, 20);
    }
}

TEST_CASE("a body that breaks off is never taken for a whole one", "[toxic]") {
    if (auto store = open_spoiled_store()) {
        SECTION("on its way down") {
            store->port.add_downstream("limit_data", R"({"bytes":150000})");
            download_often(*store, 200'000, 3);
        }
        SECTION("on its way up") {
            store->port.add_upstream("limit_data", R"({"bytes":150000})");
            upload_often(*store, 200'000, 3);
            CHECK(list_ids(*store->straight).empty());
        }
    }
}

TEST_CASE("a deadline ends calls on a line that carries nothing", "[toxic]") {
    if (auto store = open_spoiled_store()) {
        store->port.add_downstream("timeout", R"({"timeout":0})");
        const auto backend = store->spoiled();
        UploadRequest request = upload_of("x");
        request.call.deadline = deadline_in(std::chrono::milliseconds(200));
        const auto receipt = backend->upload(std::move(request));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::timeout);
    }
}
