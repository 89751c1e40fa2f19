#pragma once

/// The stores that every conformance case runs on: a local one of each layout, and each S3 server that tests/servers has started.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/service.h"
#include "support/temporary_directory.h"

namespace filestore::test {

/// "local", "local-sharded" and the servers that run, as the directory $FILESTORE_TEST_SERVERS says.
[[nodiscard]] std::vector<std::string> store_names();

/// The servers that tests/servers/up was asked to start, whether or not it could.
[[nodiscard]] std::vector<std::string> wanted_servers();

[[nodiscard]] bool is_local(const std::string& store);

/// The server behind a store: `NAME-tls` is the server NAME, reached over TLS.
[[nodiscard]] std::string server_of(const std::string& store);
[[nodiscard]] bool is_over_tls(const std::string& store);

/// An empty store of its own for one case. A resource.
class TestStore {
public:
    explicit TestStore(const std::string& name);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool is_s3() const noexcept { return options_.backend == "s3"; }

    /// Options of a service on this store, its catalogue beside it.
    [[nodiscard]] const ServiceOptions& options() const noexcept { return options_; }

    /// Other buckets of an S3 server, where it can do that: one that keeps versions, and one that anybody may read.
    [[nodiscard]] const std::string& versioned_bucket() const noexcept { return versioned_bucket_; }
    [[nodiscard]] const std::string& public_bucket() const noexcept { return public_bucket_; }

    [[nodiscard]] std::shared_ptr<StorageBackend> open_backend() const;
    [[nodiscard]] FileService open_service() const;

    /// A directory for the case's own files.
    [[nodiscard]] const TemporaryDirectory& scratch() const noexcept { return scratch_; }

private:
    TemporaryDirectory scratch_;
    std::string name_;
    ServiceOptions options_;
    std::string versioned_bucket_;
    std::string public_bucket_;
};

/// Uploads under a new ID; the case fails when that does.
[[nodiscard]] FileId store_bytes(StorageBackend& backend, const std::string& bytes);

/// What a download gives; the case fails when it fails.
[[nodiscard]] std::string load_bytes(StorageBackend& backend, const FileId& id);

/// A request for a new ID over a string.
[[nodiscard]] UploadRequest upload_of(std::string bytes);

/// Every ID that the store lists.
[[nodiscard]] std::vector<FileId> list_ids(StorageBackend& backend, std::size_t page_size = 1000);

}  // namespace filestore::test

/// Runs the case once for each store, as `store`.
#define FOR_EACH_STORE(store)                                                            \
    const std::string store_name = GENERATE(from_range(filestore::test::store_names())); \
    CAPTURE(store_name);                                                                 \
    const filestore::test::TestStore store(store_name)
