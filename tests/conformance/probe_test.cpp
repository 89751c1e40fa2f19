#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "conformance/client_support.h"
#include "conformance/lacks.h"

using namespace filestore;
using namespace filestore::test;
using Support = S3ProbeFeature::Support;

namespace {

/// What is stored under the prefix, whoever stored it.
std::vector<std::string> keys_under(ClientOnStore& client) {
    S3ListRequest request;
    request.bucket = client.bucket();
    request.prefix = client.key("");
    std::vector<std::string> keys;
    for (const S3ListEntry& entry : ClientOnStore::required(client->list(request)).objects) {
        keys.push_back(entry.key);
    }
    return keys;
}

/// By a name, which takes a bucket before it; an address does not (RFC 6761, section 6.3).
S3ClientOptions by_name(const TestStore& store) {
    S3ClientOptions options = store.options().s3;
    const std::string address = "127.0.0.1";
    const auto place = options.endpoint.find(address);
    REQUIRE(place != std::string::npos);
    options.endpoint.replace(place, address.size(), "localhost");
    return options;
}

std::map<std::string, Support> supports_of(const S3ProbeResult& result) {
    std::map<std::string, Support> supports;
    for (const S3ProbeFeature& feature : result.features) {
        supports[feature.name] = feature.support;
    }
    return supports;
}

/// Features that a case and a trial have in common, so that every server has them or is said to lack them.
constexpr std::string_view of_both[] = {
    "put",
    "get",
    "head",
    "delete",
    "signature-check",
    "virtual-host",
    "multipart",
    "copy",
    "copy-multipart",
    "multipart-abort",
    "tags",
    "conditional-get",
    "conditional-put",
    "compare-and-swap",
    "checksum-header",
    "checksum-trailer",
    "checksum-multipart",
};

/// The server's name without that of a way to reach it: `minio` of `minio-tls`.
std::string server_of(const TestStore& store) {
    const std::string& name = store.name();
    return name.ends_with("-tls") ? name.substr(0, name.size() - 4) : name;
}

S3ProbeResult probe(ClientOnStore& client) {
    S3ProbeRequest request;
    request.bucket = client.bucket();
    request.prefix = client.key("");
    return ClientOnStore::required(client->probe(request));
}

}  // namespace

TEST_CASE("a probe knows the server, and finds what it lacks", "[client][probe]") {
    FOR_EACH_STORE(store);
    if (!store.is_s3()) {
        return;
    }
    ClientOnStore client(store, by_name(store));
    client.put("another's", "bytes");
    const S3ProbeResult result = probe(client);
    const std::string server = server_of(store);
    const std::string known[] = {"ceph", "garage", "minio", "versitygw"};
    const bool is_known = std::find(std::begin(known), std::end(known), server) != std::end(known);
    CHECK(result.server == (is_known ? server : "generic"));
    CAPTURE(result.profile);
    // What the profile of a named server says is what was measured.
    CHECK((!is_known || result.profile == server));

    auto supports = supports_of(result);
    const Lacks lacks = Lacks::read(FILESTORE_TEST_LACKS_FILE);
    for (const std::string_view feature : of_both) {
        CAPTURE(feature);
        REQUIRE(supports.contains(std::string(feature)));
        const bool lacking = lacks.has(store.name(), feature);
        CHECK((supports[std::string(feature)] == (lacking ? Support::no : Support::yes)));
    }
    const bool is_tls = store.options().s3.endpoint.starts_with("https:");
    for (const Lack& lack : lacks.all()) {
        const bool tried = supports.contains(lack.feature) && (is_tls || lack.feature != "sse-c");
        INFO(lack.feature);
        CHECK((lack.server != store.name() || !tried || supports[lack.feature] == Support::no));
    }
    CHECK(keys_under(client) == std::vector<std::string>{client.key("another's")});
    CHECK(client.get("another's") == "bytes");
}

TEST_CASE("the profile that a probe prints works", "[client][probe]") {
    FOR_EACH_STORE(store);
    if (!store.is_s3()) {
        return;
    }
    std::string profile;
    {
        ClientOnStore client(store);
        profile = probe(client).profile;
    }
    S3ClientOptions options = store.options().s3;
    options.profile = profile;
    CAPTURE(profile);
    ClientOnStore client(store, options);
    client.put("a/b", "bytes");
    CHECK(client.get("a/b") == "bytes");
    CHECK(keys_under(client) == std::vector<std::string>{client.key("a/b")});
    // The condition holds, or is refused before anything is lost.
    S3PutRequest create = client.put_request("a/b", "others");
    create.conditions.if_none_match = "*";
    const ErrorCode code = code_of(client->put(std::move(create)));
    CHECK((code == ErrorCode::already_exists || code == ErrorCode::unsupported));
    CHECK(client.get("a/b") == "bytes");
    S3RemoveBatchRequest removal;
    removal.bucket = client.bucket();
    removal.objects = {{client.key("a/b"), ""}};
    CHECK(ClientOnStore::required(client->remove_batch(removal)).front().result.ok());
    CHECK(keys_under(client).empty());
}
