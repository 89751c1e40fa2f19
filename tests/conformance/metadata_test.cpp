#include "conformance/feature.h"

using namespace filestore;
using namespace filestore::test;

namespace {

Metadata parse(std::string_view json) {
    auto metadata = Metadata::parse(json);
    REQUIRE(metadata.ok());
    return std::move(*metadata);
}

}  // namespace

FEATURE_TEST_CASE("head", "metadata comes back exactly", "[metadata]") {
    const auto backend = store.open_backend();
    for (const char* json : {
             R"({})",
             R"({"plain":"text","under_score":"x","dot.ted":"y","da-sh":"z"})",
             R"({"Upper":"case","upper":"lower"})",
             R"({"umlaut":"Gr\u00fc\u00dfe","日本":"語","emoji":"\ud83d\ude00"})",
             R"({"newline":"a\r\nb","tab":"\t","nul":"a\u0000b"})",
             R"({"empty":"","blank":" ","ends":" x ","inner":"a  b"})",
             R"({"number":1.50,"large":123456789012345678901234567890,"exponent":1E+5,"negative":-0})",
             R"({"true":true,"null":null,"list":[1,[2,{"a":[]}]],"object":{"deep":{"er":"x"}}})",
             R"({"looks":"=?UTF-8?Q?encoded?=","quote":"\"","backslash":"\\","percent":"%41","plus":"a+b"})",
             R"({"content_type":"text/plain","filename":"a.txt","metadata":"m"})",
         }) {
        CAPTURE(json);
        UploadRequest upload = upload_of("x");
        const FileId id = upload.id;
        upload.metadata = parse(json);
        const auto receipt = backend->upload(std::move(upload));
        INFO((receipt.ok() ? "" : receipt.error().message()));
        REQUIRE(receipt.ok());
        const auto info = backend->metadata({id, {}});
        INFO((info.ok() ? "" : info.error().message()));
        REQUIRE(info.ok());
        CHECK(info->metadata.to_json() == parse(json).to_json());
    }
}

FEATURE_TEST_CASE("head", "every field of a file is told", "[metadata]") {
    const auto backend = store.open_backend();
    for (const std::string path :
         {"report.pdf", "../../etc/passwd", "a\nb", "Grüße/日本.txt", "", " blank "}) {
        CAPTURE(path);
        const auto before = std::chrono::system_clock::now() - std::chrono::seconds(2);
        UploadRequest upload = upload_of("12345");
        const FileId id = upload.id;
        upload.original_path = path;
        upload.content_type = "application/pdf; version=1.7";
        REQUIRE(backend->upload(std::move(upload)).ok());
        const auto info = backend->metadata({id, {}});
        REQUIRE(info.ok());
        CHECK(info->id == id);
        CHECK(info->original_path == path);
        CHECK(info->size == 5);
        CHECK(info->content_type == "application/pdf; version=1.7");
        CHECK(info->metadata.empty());
        CHECK(info->last_modified >= before);
        CHECK(info->last_modified <= std::chrono::system_clock::now() + std::chrono::seconds(2));
    }
}

FEATURE_TEST_CASE("head", "a missing file has no metadata", "[metadata]") {
    const auto backend = store.open_backend();
    const auto info = backend->metadata({*FileId::generate(), {}});
    REQUIRE_FALSE(info.ok());
    CHECK(info.error().code() == ErrorCode::not_found);
}

FEATURE_TEST_CASE("head", "metadata too large for the store is refused before a byte is sent", "[metadata]") {
    const auto backend = store.open_backend();
    UploadRequest upload = upload_of("x");
    const FileId id = upload.id;
    REQUIRE(upload.metadata.set("large", std::string(4000, 'x')).ok());
    const auto receipt = backend->upload(std::move(upload));
    if (store.is_s3()) {
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::invalid_argument);
        CHECK_FALSE(*backend->exists({id, {}}));
    } else {
        REQUIRE(receipt.ok());
        CHECK(backend->metadata({id, {}})->metadata.text("large")->size() == 4000);
    }
}
