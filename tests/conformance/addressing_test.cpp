#include "conformance/feature.h"

using namespace filestore;
using namespace filestore::test;

S3_FEATURE_TEST_CASE("virtual-host", "a bucket is reached by the path and by the host name", "[addressing]") {
    S3Options options = store.options().s3;
    options.addressing = S3Addressing::virtual_host;
    // An address takes no bucket before it; every name under localhost is this machine (RFC 6761, section 6.3).
    const auto address = options.endpoint.find("127.0.0.1");
    REQUIRE(address != std::string::npos);
    options.endpoint.replace(address, std::string("127.0.0.1").size(), "localhost");
    const auto by_host = open_s3_backend(options);
    REQUIRE(by_host.ok());
    const auto by_path = store.open_backend();

    const FileId id = store_bytes(**by_host, "stored by host name");
    CHECK(load_bytes(*by_path, id) == "stored by host name");
    CHECK(load_bytes(**by_host, id) == "stored by host name");
    CHECK(list_ids(**by_host) == std::vector<FileId>{id});
    CHECK((*by_host)->remove({id, {}}).ok());
    CHECK_FALSE(*by_path->exists({id, {}}));
}
