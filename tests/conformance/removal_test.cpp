#include "conformance/feature.h"
#include "support/code_of.h"

using namespace filestore;
using namespace filestore::test;

FEATURE_TEST_CASE("delete", "a removed file is gone with its metadata", "[removal]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "x");
    const FileId other = store_bytes(*backend, "y");
    CHECK(*backend->exists({id, {}}));
    const auto removed = backend->remove({id, {}});
    REQUIRE(removed.ok());
    CHECK(*removed);
    CHECK_FALSE(*backend->exists({id, {}}));
    CHECK(backend->metadata({id, {}}).error().code() == ErrorCode::not_found);
    CHECK(list_ids(*backend) == std::vector<FileId>{other});
    CHECK(load_bytes(*backend, other) == "y");
}

FEATURE_TEST_CASE("delete", "removing what is not there is no failure", "[removal]") {
    const auto backend = store.open_backend();
    const auto removed = backend->remove({*FileId::generate(), {}});
    REQUIRE(removed.ok());
    if (backend->capabilities().remove_tells_existence) {
        CHECK_FALSE(*removed);
    }
}

FEATURE_TEST_CASE("delete", "what is discarded is gone, whether or not it was there", "[removal]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "x");
    const FileId other = store_bytes(*backend, "y");
    for (int time = 0; time < 2; ++time) {
        CHECK(backend->discard({id, {}}).ok());
        CHECK_FALSE(*backend->exists({id, {}}));
    }
    CHECK(list_ids(*backend) == std::vector<FileId>{other});
}

FEATURE_TEST_CASE("delete", "an ID can be used again after its removal", "[removal]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "old");
    REQUIRE(backend->remove({id, {}}).ok());
    UploadRequest upload = upload_of("new");
    upload.id = id;
    upload.create_only = true;
    REQUIRE(backend->upload(std::move(upload)).ok());
    CHECK(load_bytes(*backend, id) == "new");
}

FEATURE_TEST_CASE("conditional-delete", "a file is removed only where it is of the version that is known",
                  "[removal]") {
    const auto backend = store.open_backend();
    const FileId changed = store_bytes(*backend, "first");
    const FileId same = store_bytes(*backend, "same");
    const FileId any = store_bytes(*backend, "any");
    const std::string old_version = backend->metadata({changed, {}}).value().version;
    const std::string version = backend->metadata({same, {}}).value().version;
    UploadRequest again = upload_of("second");
    again.id = changed;
    REQUIRE(backend->upload(std::move(again)).ok());

    CHECK(code_of(backend->remove({changed, {}, old_version})) == ErrorCode::precondition_failed);
    const FileId missing = FileId::generate().value();
    const auto outcomes =
        backend->remove_batch({{same, changed, any, missing}, {}, {version, old_version, "", version}});
    REQUIRE(outcomes.ok());
    CHECK((*outcomes)[0].removed.value());
    CHECK(code_of((*outcomes)[1].removed) == ErrorCode::precondition_failed);
    CHECK((*outcomes)[2].removed.value());
    CHECK((*outcomes)[3].removed.ok());
    CHECK(load_bytes(*backend, changed) == "second");
    CHECK(list_ids(*backend) == std::vector<FileId>{changed});

    const std::string new_version = backend->metadata({changed, {}}).value().version;
    CHECK(backend->remove({changed, {}, new_version}).value());
    CHECK_FALSE(*backend->exists({changed, {}}));
}

FEATURE_TEST_CASE("delete", "a batch of files is removed, and nothing else", "[removal]") {
    const auto backend = store.open_backend();
    RemoveBatchRequest batch;
    for (int i = 0; i < 25; ++i) {
        batch.ids.push_back(store_bytes(*backend, "content"));
    }
    const FileId kept = store_bytes(*backend, "kept");
    const FileId unknown = FileId::generate().value();
    batch.ids.push_back(unknown);
    const auto outcomes = backend->remove_batch(batch);
    REQUIRE(outcomes.ok());
    REQUIRE(outcomes->size() == batch.ids.size());
    for (std::size_t i = 0; i < batch.ids.size(); ++i) {
        const RemovalOutcome& outcome = (*outcomes)[i];
        CHECK(outcome.id == batch.ids[i]);
        CHECK_FALSE(outcome.keeps_version);
        REQUIRE(outcome.removed.ok());
        const bool can_tell = backend->capabilities().remove_tells_existence;
        CHECK((outcome.id == unknown ? !can_tell || !*outcome.removed : *outcome.removed));
        CHECK_FALSE(*backend->exists({outcome.id, {}}));
    }
    CHECK(load_bytes(*backend, kept) == "kept");
}
