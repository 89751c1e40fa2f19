/// Buckets that keep every version of an object.

#include <catch2/catch.hpp>
#include <set>

#include "conformance/client_support.h"
#include "conformance/plain_http.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// A client on the bucket of the server that keeps versions.
class Versions {
public:
    explicit Versions(const TestStore& store) : client_(store), bucket_(store.versioned_bucket()) {}

    S3PutResult put(const std::string& name, std::string bytes) {
        S3PutRequest request = client_.put_request(name, std::move(bytes));
        request.bucket = bucket_;
        return ClientOnStore::required(client_->put(std::move(request)));
    }

    /// The bytes, or the name of the failure.
    std::string get(const std::string& name, const std::string& version_id = {}) {
        const auto sink = std::make_shared<BufferSink>();
        S3GetRequest request;
        request.bucket = bucket_;
        request.key = client_.key(name);
        request.version_id = version_id;
        request.sink = sink;
        return text_of(client_->get(std::move(request)), sink);
    }

    [[nodiscard]] S3ObjectRequest object(const std::string& name, const std::string& version_id = {}) const {
        S3ObjectRequest request = client_.object(name);
        request.bucket = bucket_;
        request.version_id = version_id;
        return request;
    }

    /// All of them, by pages of so many.
    std::vector<S3VersionEntry> list(unsigned limit = 1000) {
        std::vector<S3VersionEntry> versions;
        S3ListRequest request;
        request.bucket = bucket_;
        request.prefix = client_.key("");
        request.limit = limit;
        while (true) {
            S3VersionPage page = ClientOnStore::required(client_->list_versions(request));
            CHECK(page.versions.size() <= limit);
            versions.insert(versions.end(), page.versions.begin(), page.versions.end());
            if (!page.next) {
                return versions;
            }
            request.cursor = *page.next;
        }
    }

    [[nodiscard]] const std::string& bucket() const noexcept { return bucket_; }
    [[nodiscard]] std::string key(const std::string& name) const { return client_.key(name); }
    S3Client* operator->() noexcept { return &*client_; }

private:
    ClientOnStore client_;
    std::string bucket_;
};

void check_pages(const TestStore& store, const std::vector<unsigned>& limits) {
    Versions versions(store);
    std::multiset<std::string> stored;
    for (const std::string name : {"a", "b+%", "c"}) {
        for (const std::string bytes : {"1", "22", "333"}) {
            stored.insert(versions.key(name) + " " + versions.put(name, bytes).version_id);
        }
    }
    for (const unsigned limit : limits) {
        CAPTURE(limit);
        std::multiset<std::string> listed;
        for (const S3VersionEntry& version : versions.list(limit)) {
            listed.insert(version.key + " " + version.version_id);
        }
        CHECK(listed == stored);
    }
}

}  // namespace

S3_FEATURE_TEST_CASE("versions", "each version is read, looked at and removed by its ID",
                     "[client][versions]") {
    Versions versions(store);
    const std::string first = versions.put("file", "first").version_id;
    const std::string second = versions.put("file", "the second").version_id;
    REQUIRE_FALSE(first.empty());
    REQUIRE(first != second);
    CHECK(versions.get("file") == "the second");
    CHECK(versions.get("file", first) == "first");
    const S3ObjectInfo older = ClientOnStore::required(versions->head(versions.object("file", first)));
    CHECK(older.size == 5);
    CHECK(older.version_id == first);
    CHECK(ClientOnStore::required(versions->head(versions.object("file"))).version_id == second);

    CHECK(versions->remove(versions.object("file", second)).ok());
    CHECK(versions.get("file") == "first");
    CHECK(versions.get("file", second) == "not_found");
    CHECK(versions->remove(versions.object("file", first)).ok());
    CHECK(versions.get("file") == "not_found");
    CHECK(versions.list().empty());
}

S3_FEATURE_TEST_CASE("versions", "removing hides an object, and removing that brings it back",
                     "[client][versions]") {
    Versions versions(store);
    const std::string kept = versions.put("file", "kept").version_id;
    const S3RemoveResult removed = ClientOnStore::required(versions->remove(versions.object("file")));
    CHECK(removed.delete_marker);
    CHECK_FALSE(removed.version_id.empty());
    CHECK(versions.get("file") == "not_found");
    CHECK(code_of(versions->head(versions.object("file"))) == ErrorCode::not_found);
    CHECK(versions.get("file", kept) == "kept");

    const std::vector<S3VersionEntry> listed = versions.list();
    REQUIRE(listed.size() == 2);
    for (const S3VersionEntry& version : listed) {
        CAPTURE(version.version_id);
        CHECK(version.key == versions.key("file"));
        CHECK(version.delete_marker == (version.version_id == removed.version_id));
        CHECK(version.latest == version.delete_marker);
        CHECK(version.size == (version.delete_marker ? 0U : 4U));
    }

    CHECK(versions->remove(versions.object("file", removed.version_id)).ok());
    CHECK(versions.get("file") == "kept");
}

S3_FEATURE_TEST_CASE("versions", "a batch removes versions, each with its result", "[client][versions]") {
    Versions versions(store);
    S3RemoveBatchRequest batch;
    batch.bucket = versions.bucket();
    for (const std::string name : {"a", "b c"}) {
        for (const std::string bytes : {"1", "22"}) {
            batch.objects.push_back({versions.key(name), versions.put(name, bytes).version_id});
        }
    }
    const auto results = ClientOnStore::required(versions->remove_batch(batch));
    REQUIRE(results.size() == 4);
    for (const S3RemoveBatchEntry& entry : results) {
        CHECK(entry.result.ok());
    }
    CHECK(versions.list().empty());
}

S3_FEATURE_TEST_CASE("versions", "all versions of some keys are listed", "[client][versions]") {
    check_pages(store, {9, 1000});
}

S3_FEATURE_TEST_CASE("versions-pages", "versions come in pages, each once", "[client][versions]") {
    check_pages(store, {1, 2, 4});
}

S3_FEATURE_TEST_CASE("versions", "an older version is copied, and presigned", "[client][versions]") {
    Versions versions(store);
    const std::string first = versions.put("file", "first").version_id;
    versions.put("file", "second");
    S3CopyRequest copy;
    copy.source_bucket = copy.bucket = versions.bucket();
    copy.source_key = versions.key("file");
    copy.source_version_id = first;
    copy.key = versions.key("restored");
    ClientOnStore::required(versions->copy(copy));
    CHECK(versions.get("restored") == "first");

    S3PresignRequest presign;
    presign.bucket = versions.bucket();
    presign.key = versions.key("file");
    presign.version_id = first;
    const PresignedUrl url = ClientOnStore::required(versions->presign(presign));
    CHECK(ask(store, http::Method::get, url.url).body == "first");
}

S3_FEATURE_TEST_CASE("versions", "a batch in a bucket with versions tells that the bytes are kept",
                     "[versions]") {
    S3Options options = store.options().s3;
    options.bucket = store.versioned_bucket();
    const auto backend = open_s3_backend(options);
    REQUIRE(backend.ok());
    const FileId id = store_bytes(**backend, "content");
    const auto outcomes = (*backend)->remove_batch({{id}, {}});
    REQUIRE(outcomes.ok());
    REQUIRE(outcomes->size() == 1);
    REQUIRE(outcomes->front().removed.ok());
    CHECK(outcomes->front().keeps_version);
    CHECK_FALSE(*(*backend)->exists({id, {}}));
}

S3_FEATURE_TEST_CASE("versions", "removals from a bucket with versions purge them where that is wished",
                     "[versions]") {
    S3Options options = store.options().s3;
    options.bucket = store.versioned_bucket();
    options.key_prefix += "removal-" + FileId::generate().value().str() + "/";
    const auto open = [&](S3VersionedRemoval removal) {
        options.versioned_removal = removal;
        return open_s3_backend(options).value();
    };
    const auto plain = open(S3VersionedRemoval::marker);
    std::vector<FileId> ids;
    for (int i = 0; i < 3; ++i) {
        ids.push_back(store_bytes(*plain, "content"));
    }
    const FileId other = store_bytes(*plain, "other");
    const auto versions_left = [&] {
        S3ListRequest list;
        list.bucket = options.bucket;
        list.prefix = options.key_prefix;
        std::multiset<std::string> keys;
        for (const S3VersionEntry& version :
             ClientOnStore::required(ClientOnStore(store)->list_versions(list)).versions) {
            keys.insert(version.key);
        }
        return keys;
    };

    // Two versions of the first, one of them hidden by a marker.
    REQUIRE(plain->remove({ids[0], {}}).ok());
    UploadRequest again;
    again.id = ids[0];
    again.source = source_from_string("again");
    REQUIRE(plain->upload(std::move(again)).ok());
    const auto purging = open(S3VersionedRemoval::purge);
    const auto outcomes = purging->remove_batch({{ids[0], ids[1]}, {}});
    REQUIRE(outcomes.ok());
    for (const RemovalOutcome& outcome : *outcomes) {
        CHECK(outcome.removed.ok());
        CHECK_FALSE(outcome.keeps_version);
    }
    CHECK(purging->remove({ids[2], {}}).ok());
    CHECK(versions_left() == std::multiset<std::string>{options.key_prefix + other.str()});
}

S3_FEATURE_TEST_CASE("versions", "removals from a bucket with versions fail where that is wished",
                     "[versions]") {
    S3Options options = store.options().s3;
    options.versioned_removal = S3VersionedRemoval::error;
    const auto plain = open_s3_backend(options).value();
    const FileId id = store_bytes(*plain, "content");
    CHECK(plain->remove({id, {}}).ok());
    CHECK_FALSE(*plain->exists({id, {}}));

    options.bucket = store.versioned_bucket();
    const auto versioned = open_s3_backend(options).value();
    const FileId kept = store_bytes(*versioned, "content");
    CHECK(code_of(versioned->remove({kept, {}})) == ErrorCode::precondition_failed);
    CHECK(code_of(versioned->remove_batch({{kept}, {}})) == ErrorCode::precondition_failed);
    CHECK(*versioned->exists({kept, {}}));
}

S3_FEATURE_TEST_CASE("versions", "what a bucket keeps of older versions is counted", "[versions]") {
    S3Options options = store.options().s3;
    options.bucket = store.versioned_bucket();
    options.key_prefix += "count-" + FileId::generate().value().str() + "/";
    const auto backend = open_s3_backend(options).value();
    CHECK(backend->kept_versions({}).value() == KeptVersions());
    const FileId removed = store_bytes(*backend, "content");
    const FileId replaced = store_bytes(*backend, "first");
    UploadRequest again;
    again.id = replaced;
    again.source = source_from_string("second");
    REQUIRE(backend->upload(std::move(again)).ok());
    CHECK(backend->kept_versions({}).value() == KeptVersions{1, 5, 0});
    REQUIRE(backend->remove({removed, {}}).ok());
    CHECK(backend->kept_versions({}).value() == KeptVersions{2, 12, 0});

    // Of the removed file nothing but the marker is left.
    S3ListRequest list;
    list.bucket = options.bucket;
    list.prefix = options.key_prefix + removed.str();
    ClientOnStore client(store);
    S3ObjectRequest old;
    old.bucket = options.bucket;
    old.key = list.prefix;
    for (const S3VersionEntry& version : ClientOnStore::required(client->list_versions(list)).versions) {
        old.version_id = version.delete_marker ? old.version_id : version.version_id;
    }
    REQUIRE(client->remove(old).ok());
    CHECK(backend->kept_versions({}).value() == KeptVersions{1, 5, 1});
}

FEATURE_TEST_CASE("delete", "a store without versions keeps none", "[versions]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "content");
    REQUIRE(*backend->exists({id, {}}));
    CHECK(backend->kept_versions({}).value() == KeptVersions());
}

S3_FEATURE_TEST_CASE("delete",
                     "a bucket without versions is removed from as ever where versions are to be purged",
                     "[versions]") {
    S3Options options = store.options().s3;
    options.versioned_removal = S3VersionedRemoval::purge;
    const auto backend = open_s3_backend(options).value();
    const FileId id = store_bytes(*backend, "content");
    CHECK(backend->remove({id, {}}).ok());
    CHECK_FALSE(*backend->exists({id, {}}));
}
