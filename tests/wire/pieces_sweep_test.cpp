/// What the sweep of uploads that come piece by piece asks of a server.

#include <algorithm>
#include <catch2/catch.hpp>
#include <future>

#include "filestore/resumable_store.h"
#include "filestore/s3_backend.h"
#include "support/settable_clock.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

std::size_t sweep(ResumableStore& store) {
    std::promise<std::size_t> ended;
    store.sweep_async({},
                      [&](const Result<std::vector<FileId>>& ids) { ended.set_value(ids.value().size()); });
    return ended.get_future().get();
}

void begin(ResumableStore& store) {
    BeginUploadRequest request;
    request.id = FileId::generate().value();
    std::promise<bool> begun;
    store.begin_async(std::move(request),
                      [&](const Result<PartialUpload>& upload) { begun.set_value(upload.ok()); });
    REQUIRE(begun.get_future().get());
}

}  // namespace

TEST_CASE("a sweep reads each upload once, and again when its time may be over") {
    ModelS3 server;
    const auto clock = std::make_shared<SettableClock>(FixedClock().now());
    S3Options options;
    static_cast<S3ClientOptions&>(options) = options_for(server, Retries::on);
    options.bucket = "bucket";
    options.part_size = std::uint64_t{5} << 20U;
    options.clock = clock;
    const auto backend = open_s3_backend(std::move(options)).value();
    ResumableStore& store = *backend->resumable_store();
    const auto reads = [&] {
        const auto operations = server.operations();
        return std::count(operations.begin(), operations.end(), "GetObject");
    };
    for (int i = 0; i < 3; ++i) {
        begin(store);
    }
    server.set({});
    CHECK(sweep(store) == 0);
    CHECK(reads() == 3);
    server.set({});
    CHECK(sweep(store) == 0);
    CHECK(server.operations() == std::vector<std::string>{"ListObjectsV2"});
    begin(store);
    server.set({});
    CHECK(sweep(store) == 0);
    CHECK(reads() == 1);
    clock->advance(std::chrono::hours(25));
    server.set({});
    CHECK(sweep(store) == 4);
    CHECK(reads() == 4);
    CHECK(sweep(store) == 0);
}
