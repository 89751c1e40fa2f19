/// Any key and any bytes come back as they went in, on every way that a key can take.

#include "conformance/keys.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "conformance/client_support.h"
#include "conformance/plain_http.h"
#include "support/random_bytes.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t part = std::size_t{5} << 20U;
constexpr unsigned page = 7;

/// `./dev test --long`
std::size_t keys_of_a_kind() {
    return std::getenv("FILESTORE_TEST_LONG") == nullptr ? 40 : 300;
}

/// The first keys get bytes around the size of a part.
std::vector<std::string> contents_for(std::size_t keys) {
    constexpr std::size_t sizes[] = {0, part, part + 1};
    std::vector<std::string> contents;
    for (std::size_t i = 0; i < keys; ++i) {
        contents.push_back(random_bytes(i < std::size(sizes) ? sizes[i] : i * 37 % 2000, i));
    }
    return contents;
}

/// Objects under difficult keys below a prefix.
class DifficultObjects {
public:
    DifficultObjects(const TestStore& store, std::vector<std::string> names,
                     const std::string& before_prefix = {})
        : client_(store, options_of(store)),
          prefix_(before_prefix + client_.key("")),
          names_(std::move(names)),
          contents_(contents_for(names_.size())) {}

    void store_all() {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            CAPTURE(escaped(key(i)));
            S3PutRequest put = client_.put_request("", contents_[i]);
            put.key = key(i);
            put.metadata = {{"number", std::to_string(i)}};
            CHECK(ClientOnStore::required(client_->put(std::move(put))).size == contents_[i].size());
        }
    }

    void check_all() {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            CAPTURE(escaped(key(i)));
            const S3ObjectInfo info = ClientOnStore::required(client_->head(object(key(i))));
            CHECK(info.metadata == std::vector<S3Field>{{"number", std::to_string(i)}});
            check_content(key(i), i);
            check_listed(key(i), contents_[i].size());
        }
        CHECK(list_all() == all_keys());
    }

    /// Each of a few is copied over the one behind it.
    void copy_some() {
        for (std::size_t i = 0; i + 1 < names_.size(); i += 5) {
            CAPTURE(escaped(key(i)));
            S3CopyRequest copy;
            copy.source_bucket = copy.bucket = client_.bucket();
            copy.source_key = key(i);
            copy.key = key(i + 1);
            ClientOnStore::required(client_->copy(copy));
            check_content(key(i + 1), i);
        }
    }

    /// Half of them one by one, the others together.
    void remove_all() {
        S3RemoveBatchRequest batch;
        batch.bucket = client_.bucket();
        for (std::size_t i = 0; i < names_.size(); ++i) {
            CAPTURE(escaped(key(i)));
            if (i % 2 == 0) {
                ClientOnStore::required(client_->remove(object(key(i))));
            } else {
                batch.objects.push_back({key(i), ""});
            }
        }
        CHECK(list_all().size() == batch.objects.size());
        for (const S3RemoveBatchEntry& entry : ClientOnStore::required(client_->remove_batch(batch))) {
            CAPTURE(escaped(entry.object.key));
            CHECK(entry.result.ok());
        }
        CHECK(list_all().empty());
        CHECK(code_of(client_->head(object(key(0)))) == ErrorCode::not_found);
    }

private:
    static S3ClientOptions options_of(const TestStore& store) {
        S3ClientOptions options = store.options().s3;
        options.part_size = part;
        return options;
    }

    [[nodiscard]] std::string key(std::size_t number) const { return prefix_ + names_[number]; }

    [[nodiscard]] std::set<std::string> all_keys() const {
        std::set<std::string> keys;
        for (const std::string& name : names_) {
            keys.insert(prefix_ + name);
        }
        return keys;
    }

    [[nodiscard]] S3ObjectRequest object(const std::string& key) const {
        S3ObjectRequest request = client_.object("");
        request.key = key;
        return request;
    }

    void check_content(const std::string& key, std::size_t number) {
        const auto sink = std::make_shared<BufferSink>();
        S3GetRequest get;
        get.bucket = client_.bucket();
        get.key = key;
        get.sink = sink;
        static_cast<void>(ClientOnStore::required(client_->get(std::move(get))));
        const bool equal = sink->bytes() == contents_[number];
        CHECK(equal);
    }

    /// The whole key as the prefix of a listing.
    void check_listed(const std::string& key, std::size_t size) {
        S3ListRequest list = list_request();
        list.prefix = key;
        const S3ListPage listed = ClientOnStore::required(client_->list(list));
        // It comes first, and others may begin with it.
        REQUIRE_FALSE(listed.objects.empty());
        CHECK(escaped(listed.objects[0].key) == escaped(key));
        CHECK(listed.objects[0].size == size);
    }

    [[nodiscard]] S3ListRequest list_request() const {
        S3ListRequest list;
        list.bucket = client_.bucket();
        list.prefix = prefix_;
        return list;
    }

    /// In small pages, so that keys are also where a page ends.
    std::set<std::string> list_all() {
        std::set<std::string> keys;
        S3ListRequest list = list_request();
        list.limit = page;
        while (true) {
            const S3ListPage listed = ClientOnStore::required(client_->list(list));
            for (const S3ListEntry& entry : listed.objects) {
                CAPTURE(escaped(entry.key));
                CHECK(keys.insert(entry.key).second);
            }
            if (!listed.next) {
                return keys;
            }
            list.cursor = *listed.next;
        }
    }

    ClientOnStore client_;
    std::string prefix_;
    std::vector<std::string> names_;
    std::vector<std::string> contents_;
};

void check_round_trip(const TestStore& store, std::vector<std::string> names,
                      const std::string& before_prefix = {}) {
    DifficultObjects objects(store, std::move(names), before_prefix);
    objects.store_all();
    objects.check_all();
    objects.copy_some();
    objects.remove_all();
}

std::vector<std::string> random_keys(std::vector<std::string> difficult = {}) {
    KeyMaker maker(std::move(difficult));
    std::vector<std::string> names(keys_of_a_kind());
    std::generate(names.begin(), names.end(), [&] { return maker.next(); });
    return names;
}

}  // namespace

S3_FEATURE_TEST_CASE("keys", "any characters that text has are a key", "[client][key]") {
    check_round_trip(store, random_keys());
}

S3_FEATURE_TEST_CASE("keys", "keys that look alike are different keys", "[client][key]") {
    check_round_trip(store, keys_that_look_alike());
}

S3_FEATURE_TEST_CASE("key-percent", "plus and percent are characters of a key", "[client][key]") {
    check_round_trip(store, random_keys(plus_and_percent()));
}

S3_FEATURE_TEST_CASE("key-percent", "keys that decode alike are different keys", "[client][key]") {
    check_round_trip(store, keys_that_decode_alike());
}

S3_FEATURE_TEST_CASE("keys", "a presigned URL names its key, whatever that is", "[client][key]") {
    ClientOnStore client(store);
    KeyMaker maker(plus_and_percent());
    for (int i = 0; i < 20; ++i) {
        const std::string name = maker.next();
        CAPTURE(escaped(name));
        client.put(name, name);
        S3PresignRequest request;
        request.bucket = client.bucket();
        request.key = client.key(name);
        const PresignedUrl url = ClientOnStore::required(client->presign(request));
        const PlainAnswer got = ask(store, http::Method::get, url.url);
        CHECK(got.status == 200);
        CHECK(got.body == name);
    }
}

S3_FEATURE_TEST_CASE("tags", "an object has its tags under any key", "[client][key]") {
    ClientOnStore client(store);
    KeyMaker maker(plus_and_percent());
    for (int i = 0; i < 20; ++i) {
        const std::string name = maker.next();
        CAPTURE(escaped(name));
        client.put(name, name);
        S3TagsRequest request;
        request.bucket = client.bucket();
        request.key = client.key(name);
        request.tags = {{"number", std::to_string(i)}};
        REQUIRE(client->put_tags(request).ok());
        CHECK(ClientOnStore::required(client->get_tags(request)) == request.tags);
    }
}

S3_FEATURE_TEST_CASE("key-control", "characters that XML cannot hold are a key", "[client][key]") {
    check_round_trip(store, random_keys(control_characters()));
}

TEST_CASE("where keys are paths a key with NUL is refused", "[client][key]") {
    const TestStore store("versitygw");
    S3ClientOptions options = store.options().s3;
    options.profile = "versitygw";
    ClientOnStore client(store, options);
    S3PutRequest put = client.put_request("", "bytes");
    put.key = client.key(std::string("a\0b", 3));
    CHECK(code_of(client->put(std::move(put))) == ErrorCode::unsupported);
}

TEST_CASE("files are listed past a key with NUL, page by page", "[client][key]") {
    const TestStore store("moto");
    ClientOnStore client(store);
    for (const std::string& name : {std::string("a\0b", 3), std::string("a\x01z")}) {
        S3PutRequest put = client.put_request("", "bytes");
        put.key = client.key(name);
        S3ObjectRequest object = client.object("");
        object.key = put.key;
        ClientOnStore::required(client->put(std::move(put)));
        CHECK(ClientOnStore::required(client->head(object)).size == 5);
    }
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "ours");
    CHECK(list_ids(*backend, 1) == std::vector<FileId>{id});
}

S3_FEATURE_TEST_CASE("key-newline", "line breaks are a key", "[client][key]") {
    check_round_trip(store, random_keys({"\n", "\r", "\r\n"}));
}

S3_FEATURE_TEST_CASE("key-slashes", "empty segments are part of a key", "[client][key]") {
    check_round_trip(store, random_keys({"//", "///"}));
}

S3_FEATURE_TEST_CASE("key-leading-slash", "a key may begin with a slash", "[client][key]") {
    check_round_trip(store, random_keys(), "/");
}

S3_FEATURE_TEST_CASE("key-trailing-slash", "a key may end with a slash", "[client][key]") {
    std::vector<std::string> names = random_keys();
    for (std::string& name : names) {
        name += '/';
    }
    check_round_trip(store, names);
}

S3_FEATURE_TEST_CASE("key-dots", "dot segments are part of a key", "[client][key]") {
    check_round_trip(store, random_keys({"/./", "/../", "/..", "/."}));
}

S3_FEATURE_TEST_CASE("key-1024", "a key of 1024 bytes has its segments", "[client][key]") {
    KeyMaker maker;
    const std::size_t prefix = store.options().s3.key_prefix.size();
    check_round_trip(store, {maker.next_of(1024 - prefix, 100), maker.next_of(1024 - prefix, 200)});
}

S3_FEATURE_TEST_CASE("key-long-segment", "a key of 1024 bytes may be one segment", "[client][key]") {
    KeyMaker maker;
    const std::size_t prefix = store.options().s3.key_prefix.size();
    check_round_trip(store, {maker.next_of(1024 - prefix, 2000), maker.next_of(256, 2000)});
}

S3_FEATURE_TEST_CASE("key-below-key", "a key may be the folder of another", "[client][key]") {
    ClientOnStore client(store);
    for (const char* name : {"a", "a/b", "a/b/c"}) {
        client.put(name, name);
    }
    for (const char* name : {"a", "a/b", "a/b/c"}) {
        CHECK(client.get(name) == name);
    }
}

S3_FEATURE_TEST_CASE("keys", "what is no key is refused before anything is sent", "[client][key]") {
    ClientOnStore client(store);
    for (const std::string& key :
         {std::string(), std::string(1025, 'k'), std::string("\xff"), std::string("a\xc3")}) {
        CAPTURE(escaped(key));
        S3PutRequest put = client.put_request("", "x");
        put.key = key;
        CHECK(code_of(client->put(std::move(put))) == ErrorCode::invalid_argument);
        S3ObjectRequest object = client.object("");
        object.key = key;
        CHECK(code_of(client->head(object)) == ErrorCode::invalid_argument);
        CHECK(code_of(client->remove(object)) == ErrorCode::invalid_argument);
    }
}
