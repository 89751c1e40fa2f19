/// Signed forms: what a server takes by one, and what it refuses.

#include <algorithm>
#include <catch2/catch.hpp>

#include "conformance/client_support.h"
#include "conformance/plain_http.h"

using namespace filestore;
using namespace filestore::test;

namespace {

S3PresignPostRequest text_of_3_to_10_bytes(const ClientOnStore& client) {
    S3PresignPostRequest request;
    request.bucket = client.bucket();
    request.key = client.key("form");
    request.min_size = 3;
    request.max_size = 10;
    request.content_type = "text/plain";
    return request;
}

std::vector<S3Field> with(std::vector<S3Field> fields, const std::string& name, const std::string& value) {
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const S3Field& known) { return known.name == name; });
    REQUIRE(field != fields.end());
    field->value = value;
    return fields;
}

bool is_success(const PlainAnswer& answer) {
    return answer.status >= 200 && answer.status < 300;
}

/// Whether the server has said that it was asked for something forbidden.
bool is_refusal(const PlainAnswer& answer) {
    return answer.status == 400 || answer.status == 403;
}

}  // namespace

S3_FEATURE_TEST_CASE("presign-post", "a form uploads what its policy allows", "[presign][form]") {
    ClientOnStore client(store);
    const S3PresignedPost form = ClientOnStore::required(client->presign_post(text_of_3_to_10_bytes(client)));
    for (const std::string file : {"abc", "0123456789"}) {
        const PlainAnswer answer = submit(store, form, form.fields, file);
        INFO(answer.status << " " << answer.body);
        CHECK(is_success(answer));
        CHECK(client.get("form") == file);
    }
    CHECK(ClientOnStore::required(client->head(client.object("form"))).content_type == "text/plain");
}

S3_FEATURE_TEST_CASE("presign-post", "a form may bound the size on one side", "[presign][form]") {
    ClientOnStore client(store);
    S3PresignPostRequest at_least = text_of_3_to_10_bytes(client);
    at_least.max_size = UINT64_MAX;
    S3PresignPostRequest at_most = text_of_3_to_10_bytes(client);
    at_most.min_size = 0;
    for (const S3PresignPostRequest& request : {at_least, at_most}) {
        const S3PresignedPost form = ClientOnStore::required(client->presign_post(request));
        const PlainAnswer answer = submit(store, form, form.fields, "abc");
        INFO(answer.status << " " << answer.body);
        CHECK(is_success(answer));
    }
}

S3_FEATURE_TEST_CASE("presign-post", "a form for a prefix takes the name of the file", "[presign][form]") {
    ClientOnStore client(store);
    S3PresignPostRequest request;
    request.bucket = client.bucket();
    request.key = client.key("inbox/");
    request.key_is_prefix = true;
    const S3PresignedPost form = ClientOnStore::required(client->presign_post(request));
    const PlainAnswer answer =
        submit(store, form, with(form.fields, "key", client.key("inbox/mine")), "bytes");
    INFO(answer.status << " " << answer.body);
    CHECK(is_success(answer));
    CHECK(client.get("inbox/mine") == "bytes");
}

S3_FEATURE_TEST_CASE("presign-post-check", "a form is refused for another size, type, key or signature",
                     "[presign][form]") {
    ClientOnStore client(store);
    const S3PresignedPost form = ClientOnStore::required(client->presign_post(text_of_3_to_10_bytes(client)));
    CHECK(is_success(submit(store, form, form.fields, "abcd")));
    CHECK(client->remove(client.object("form")).ok());
    CHECK(is_refusal(submit(store, form, form.fields, "ab")));
    CHECK(is_refusal(submit(store, form, form.fields, "0123456789+")));
    CHECK(is_refusal(submit(store, form, with(form.fields, "Content-Type", "text/html"), "abcd")));
    CHECK(is_refusal(submit(store, form, with(form.fields, "key", client.key("other")), "abcd")));
    CHECK(
        is_refusal(submit(store, form, with(form.fields, "x-amz-signature", std::string(64, '0')), "abcd")));
    CHECK(code_of(client->head(client.object("form"))) == ErrorCode::not_found);
    CHECK(code_of(client->head(client.object("other"))) == ErrorCode::not_found);
}
