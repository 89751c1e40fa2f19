#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "conformance/client_support.h"
#include "support/random_bytes.h"

using namespace filestore;
using namespace filestore::test;

namespace {

std::vector<std::string> keys_of(const S3ListPage& page) {
    std::vector<std::string> keys;
    for (const S3ListEntry& entry : page.objects) {
        keys.push_back(entry.key);
    }
    return keys;
}

S3ListRequest list_request(const ClientOnStore& client) {
    S3ListRequest request;
    request.bucket = client.bucket();
    request.prefix = client.key("");
    return request;
}

void check_listing(const TestStore& store, S3ListVersion version) {
    ClientOnStore client(store);
    std::set<std::string> expected;
    for (int i = 0; i < 7; ++i) {
        const std::string name = "n" + std::to_string(i);
        client.put(name, name);
        expected.insert(client.key(name));
    }
    client.put("folder/x", "x");
    client.put("folder/y", "y");

    S3ListRequest request = list_request(client);
    request.version = version;
    request.delimiter = "/";
    request.limit = 3;
    std::set<std::string> keys;
    std::set<std::string> prefixes;
    while (true) {
        const S3ListPage page = ClientOnStore::required(client->list(request));
        CHECK(page.objects.size() <= 3);
        for (const std::string& key : keys_of(page)) {
            CHECK(keys.insert(key).second);
        }
        prefixes.insert(page.common_prefixes.begin(), page.common_prefixes.end());
        if (!page.next) {
            break;
        }
        request.cursor = *page.next;
    }
    CHECK(keys == expected);
    CHECK(prefixes == std::set<std::string>{client.key("folder/")});

    S3ListRequest after = list_request(client);
    after.version = version;
    after.start_after = client.key("n5");
    CHECK(keys_of(ClientOnStore::required(client->list(after))) ==
          std::vector<std::string>{client.key("n6")});
}

}  // namespace

S3_FEATURE_TEST_CASE("put", "an object keeps its metadata and its HTTP headers", "[client]") {
    ClientOnStore client(store);
    S3PutRequest put = client.put_request("described", "bytes");
    const std::vector<S3Field> metadata = {
        {"colour", "blue"}, {"name", "Gr\u00fc\u00dfe \u65e5\u672c"}, {"note", "a b=c"}};
    put.metadata = metadata;
    put.content_type = "text/x-test";
    const S3PutResult stored = ClientOnStore::required(client->put(std::move(put)));
    const S3ObjectInfo info = ClientOnStore::required(client->head(client.object("described")));
    CHECK(info.size == 5);
    CHECK(info.etag == stored.etag);
    CHECK(info.content_type == "text/x-test");
    CHECK(sorted(info.metadata) == metadata);
}

S3_FEATURE_TEST_CASE("metadata-encoded-words", "metadata that looks encoded stays as it is", "[client]") {
    ClientOnStore client(store);
    S3PutRequest put = client.put_request("described", "bytes");
    const std::vector<S3Field> metadata = {{"looks", "=?UTF-8?Q?encoded?="}};
    put.metadata = metadata;
    REQUIRE(client->put(std::move(put)).ok());
    CHECK(ClientOnStore::required(client->head(client.object("described"))).metadata == metadata);
}

S3_FEATURE_TEST_CASE("delete", "many objects are removed at once, each with its result", "[client]") {
    ClientOnStore client(store);
    S3RemoveBatchRequest request;
    request.bucket = client.bucket();
    for (const std::string name : {"a", "b c", "d&<e>", "f\"g'"}) {
        client.put(name, name);
        request.objects.push_back({client.key(name), ""});
    }
    request.objects.push_back({client.key("never there"), ""});
    request.objects.push_back({"", ""});
    const auto results = ClientOnStore::required(client->remove_batch(request));
    REQUIRE(results.size() == request.objects.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
        INFO(results[i].object.key);
        CHECK(results[i].object.key == request.objects[i].key);
        CHECK(results[i].result.ok() == !request.objects[i].key.empty());
    }
    CHECK(ClientOnStore::required(client->list(list_request(client))).objects.empty());
}

S3_FEATURE_TEST_CASE("list", "a listing comes in pages, with its common prefixes", "[client]") {
    check_listing(store, S3ListVersion::v2);
}

S3_FEATURE_TEST_CASE("list", "the first version of a listing comes in pages, too", "[client]") {
    check_listing(store, S3ListVersion::v1);
}

S3_FEATURE_TEST_CASE("storage-class", "an object has the storage class that it was given", "[client]") {
    ClientOnStore client(store);
    S3PutRequest put = client.put_request("cheap", "bytes");
    put.storage_class = "REDUCED_REDUNDANCY";
    ClientOnStore::required(client->put(std::move(put)));
    CHECK(ClientOnStore::required(client->head(client.object("cheap"))).storage_class ==
          "REDUCED_REDUNDANCY");
    const S3ListPage page = ClientOnStore::required(client->list(list_request(client)));
    REQUIRE(page.objects.size() == 1);
    CHECK(page.objects[0].storage_class == "REDUCED_REDUNDANCY");
    CHECK(client.get("cheap") == "bytes");
}

S3_FEATURE_TEST_CASE("tags", "tags are set, read and removed", "[client]") {
    ClientOnStore client(store);
    S3PutRequest put = client.put_request("tagged", "bytes");
    put.tags = {{"team", "a b"}};
    ClientOnStore::required(client->put(std::move(put)));
    S3TagsRequest request;
    request.bucket = client.bucket();
    request.key = client.key("tagged");
    CHECK(ClientOnStore::required(client->get_tags(request)) == std::vector<S3Field>{{"team", "a b"}});
    request.tags = {{"one", "1"}, {"two", "2"}};
    CHECK(client->put_tags(request).ok());
    // S3 promises no order, and versitygw's differs from answer to answer.
    const std::vector<S3Field> set = ClientOnStore::required(client->get_tags(request));
    CHECK(std::is_permutation(set.begin(), set.end(), request.tags.begin(), request.tags.end()));
    request.tags.clear();
    CHECK(client->put_tags(request).ok());
    CHECK(ClientOnStore::required(client->get_tags(request)).empty());
}

S3_FEATURE_TEST_CASE("checksum-header", "a checksum travels with the bytes and is found again",
                     "[client][checksum]") {
    for (const ChecksumAlgorithm algorithm :
         {ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc64nvme,
          ChecksumAlgorithm::sha1, ChecksumAlgorithm::sha256}) {
        CAPTURE(to_string(algorithm));
        S3ClientOptions options = store.options().s3;
        options.checksum_mode = S3ChecksumMode::header;
        options.checksum_algorithm = algorithm;
        ClientOnStore client(store, options);
        const std::string bytes = random_bytes(70'000);
        const S3PutResult stored = client.put("summed", bytes);
        REQUIRE(stored.checksum.has_value());
        CHECK(stored.checksum->algorithm == algorithm);

        S3GetRequest request;
        request.bucket = client.bucket();
        request.key = client.key("summed");
        request.sink = std::make_shared<BufferSink>();
        const S3GetResult got = ClientOnStore::required(client->get(std::move(request)));
        CHECK(got.verified == stored.checksum);
    }
}

S3_FEATURE_TEST_CASE("checksum-trailer", "a checksum may follow the bytes", "[client][checksum]") {
    S3ClientOptions options = store.options().s3;
    options.checksum_mode = S3ChecksumMode::trailer;
    options.checksum_algorithm = ChecksumAlgorithm::crc32c;
    ClientOnStore client(store, options);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{65'536}, std::size_t{200'001}}) {
        const std::string bytes = random_bytes(size);
        client.put("trailed", bytes);
        const S3ObjectInfo info = ClientOnStore::required(client->head(client.object("trailed")));
        CHECK(info.size == size);
        CHECK(client.get("trailed") == bytes);
    }
}

S3_FEATURE_TEST_CASE("checksum-multipart", "an object of several parts has a checksum of the whole",
                     "[client][checksum][multipart]") {
    S3ClientOptions options = store.options().s3;
    options.part_size = std::uint64_t{5} << 20U;
    options.checksum_mode = S3ChecksumMode::header;
    options.checksum_algorithm = ChecksumAlgorithm::crc64nvme;
    ClientOnStore client(store, options);
    const std::string bytes = random_bytes((std::size_t{10} << 20U) + 5);
    const S3PutResult stored = client.put("summed", bytes);
    CHECK(stored.parts == 3);
    S3GetRequest request;
    request.bucket = client.bucket();
    request.key = client.key("summed");
    request.sink = std::make_shared<BufferSink>();
    const S3GetResult got = ClientOnStore::required(client->get(std::move(request)));
    REQUIRE(got.verified.has_value());
    CHECK(got.verified == stored.checksum);
}
