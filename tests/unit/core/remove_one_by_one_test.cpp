#include "core/remove_one_by_one.h"

#include <catch2/catch.hpp>
#include <optional>

#include "support/code_of.h"
#include "support/memory_backend.h"
#include "support/spoiled_backend.h"

using namespace filestore;
using namespace filestore::test;

namespace {

std::vector<FileId> store(StorageBackend& backend, std::size_t count) {
    std::vector<FileId> ids;
    for (std::size_t i = 0; i < count; ++i) {
        ids.push_back(FileId::generate().value());
        UploadRequest upload;
        upload.id = ids.back();
        upload.source = source_from_string("x");
        REQUIRE(backend.upload(std::move(upload)).ok());
    }
    return ids;
}

}  // namespace

TEST_CASE("a batch is removed, and each of it answered in its place", "[core]") {
    const auto memory = std::make_shared<MemoryBackend>(make_thread_pool());
    SpoiledBackend backend(memory);
    std::vector<FileId> ids = store(backend, 30);
    const FileId bad = ids[11];
    backend.before_remove = [bad](const FileId& id) {
        return id == bad ? std::optional(Error(ErrorCode::permission_denied, "no")) : std::nullopt;
    };
    ids.push_back(FileId::generate().value());
    const auto outcomes = backend.remove_batch({ids, {}});
    REQUIRE(outcomes.ok());
    REQUIRE(outcomes->size() == ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const RemovalOutcome& outcome = (*outcomes)[i];
        CHECK(outcome.id == ids[i]);
        CHECK_FALSE(outcome.keeps_version);
        if (i == 11) {
            CHECK(code_of(outcome.removed) == ErrorCode::permission_denied);
        } else {
            REQUIRE(outcome.removed.ok());
            CHECK(*outcome.removed == (i < 30));
        }
    }
    CHECK(memory->file_count() == 1);
}

TEST_CASE("a batch that cannot be right", "[core]") {
    const auto backend = std::make_shared<MemoryBackend>(make_thread_pool());
    CHECK(code_of(backend->remove_batch({})) == ErrorCode::invalid_argument);
    CHECK(code_of(backend->remove_batch({std::vector<FileId>(1), {}})) == ErrorCode::invalid_argument);
    CHECK(code_of(backend->remove_batch({std::vector<FileId>(1001, FileId::generate().value()), {}})) ==
          ErrorCode::invalid_argument);
}

TEST_CASE("versions of a batch are refused where the backend does not compare them", "[core]") {
    const auto backend = std::make_shared<MemoryBackend>(make_thread_pool());
    const auto ids = store(*backend, 2);
    CHECK(code_of(backend->remove_batch({ids, {}, {"1"}})) == ErrorCode::invalid_argument);
    CHECK(code_of(backend->remove_batch({ids, {}, {"", "1"}})) == ErrorCode::unsupported);
    CHECK(backend->file_count() == 2);
    CHECK(backend->remove_batch({ids, {}, {"", ""}}).ok());
    CHECK(backend->file_count() == 0);
}

TEST_CASE("a batch that is cancelled, or whose store is closed, ends", "[core]") {
    const auto backend = std::make_shared<MemoryBackend>(make_thread_pool());
    const auto ids = store(*backend, 20);
    RemoveBatchRequest request{ids, {}};
    if (GENERATE(false, true)) {
        std::stop_source stop;
        stop.request_stop();
        request.call.cancel = stop.get_token();
    } else {
        backend->close();
    }
    const auto outcomes = backend->remove_batch(request);
    REQUIRE(outcomes.ok());
    REQUIRE(outcomes->size() == 20);
    for (const RemovalOutcome& outcome : *outcomes) {
        CHECK(code_of(outcome.removed) == ErrorCode::cancelled);
    }
}
