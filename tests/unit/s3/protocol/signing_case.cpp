#include "s3/protocol/signing_case.h"

#include <utility>

#include "core/json.h"
#include "core/try.h"
#include "filestore/s3_backend.h"

namespace filestore::test {
namespace {

Result<std::string> text_member(const rj::Value& object, const char* name) {
    const auto member = object.FindMember(name);
    if (member == object.MemberEnd() || !member->value.IsString()) {
        return Error(ErrorCode::invalid_argument, std::string("the case has no text member ") + name);
    }
    return std::string(member->value.GetString(), member->value.GetStringLength());
}

/// [["name", "value"], ...]
Result<std::vector<s3::NameValue>> pairs_member(const rj::Value& object, const char* name) {
    const Error wrong(ErrorCode::invalid_argument, std::string("the case has no list of pairs ") + name);
    const auto member = object.FindMember(name);
    if (member == object.MemberEnd() || !member->value.IsArray()) {
        return wrong;
    }
    std::vector<s3::NameValue> pairs;
    for (const rj::Value& pair : member->value.GetArray()) {
        if (!pair.IsArray() || pair.Size() != 2 || !pair[0].IsString() || !pair[1].IsString()) {
            return wrong;
        }
        pairs.push_back({{pair[0].GetString(), pair[0].GetStringLength()},
                         {pair[1].GetString(), pair[1].GetStringLength()}});
    }
    return pairs;
}

Result<s3::Endpoint> read_endpoint(const rj::Value& object) {
    S3Options options;
    FILESTORE_TRY_ASSIGN(options.bucket, text_member(object, "bucket"));
    FILESTORE_TRY_ASSIGN(options.region, text_member(object, "region"));
    FILESTORE_TRY_ASSIGN(options.endpoint, text_member(object, "endpoint"));
    FILESTORE_TRY_ASSIGN(const std::string addressing, text_member(object, "addressing"));
    options.addressing = addressing == "virtual_host" ? S3Addressing::virtual_host : S3Addressing::path;
    return s3::resolve_endpoint(options, options.bucket);
}

Result<s3::SigningRequest> read_request(const rj::Value& object, const s3::Endpoint& endpoint,
                                        std::string_view key) {
    s3::SigningRequest request;
    FILESTORE_TRY_ASSIGN(request.method, text_member(object, "method"));
    FILESTORE_TRY_ASSIGN(request.query, pairs_member(object, "query"));
    FILESTORE_TRY_ASSIGN(request.headers, pairs_member(object, "headers"));
    FILESTORE_TRY_ASSIGN(request.payload_hash, text_member(object, "payload_hash"));
    request.path = s3::object_target(endpoint, key, {}).path;
    request.headers.push_back({"Host", endpoint.host});
    return request;
}

SigningStages stages_of(const SigningCase& signing_case, const s3::SigningRequest& complete) {
    SigningStages stages;
    stages.canonical_request = s3::canonical_request(complete);
    stages.string_to_sign = s3::string_to_sign(signing_case.scope, stages.canonical_request);
    stages.signature = s3::signature(signing_case.credentials, signing_case.scope, stages.string_to_sign);
    return stages;
}

/// What is signed: all that is added but the signature itself, which comes last.
void append_signed(std::vector<s3::NameValue>& list, const std::vector<s3::NameValue>& added) {
    list.insert(list.end(), added.begin(), added.end() - 1);
}

}  // namespace

Result<SigningCase> read_signing_case(std::string_view json) {
    JsonDocument document;
    document.Parse(json.data(), json.size());
    if (document.HasParseError() || !document.IsObject()) {
        return Error(ErrorCode::invalid_argument, "the case is no JSON object");
    }
    SigningCase signing_case;
    FILESTORE_TRY_ASSIGN(signing_case.key, text_member(document, "key"));
    FILESTORE_TRY_ASSIGN(signing_case.endpoint, read_endpoint(document));
    FILESTORE_TRY_ASSIGN(signing_case.request,
                         read_request(document, signing_case.endpoint, signing_case.key));
    FILESTORE_TRY_ASSIGN(signing_case.credentials.access_key, text_member(document, "access_key"));
    FILESTORE_TRY_ASSIGN(signing_case.credentials.secret_key, text_member(document, "secret_key"));
    FILESTORE_TRY_ASSIGN(signing_case.credentials.session_token, text_member(document, "session_token"));
    FILESTORE_TRY_ASSIGN(signing_case.scope.region, text_member(document, "region"));
    FILESTORE_TRY_ASSIGN(const std::string time, text_member(document, "time"));
    FILESTORE_TRY_ASSIGN(signing_case.scope.time, parse_timestamp(time));
    const auto expires = document.FindMember("expires");
    if (expires == document.MemberEnd() || !expires->value.IsInt()) {
        return Error(ErrorCode::invalid_argument, "the case has no number expires");
    }
    signing_case.expires = std::chrono::seconds(expires->value.GetInt());
    return signing_case;
}

SignedHeaders sign_in_headers(const SigningCase& signing_case) {
    SignedHeaders result;
    result.added = s3::sign_headers(signing_case.request, signing_case.credentials, signing_case.scope);
    s3::SigningRequest complete = signing_case.request;
    append_signed(complete.headers, result.added);
    result.stages = stages_of(signing_case, complete);
    return result;
}

PresignedRequest presign(const SigningCase& signing_case) {
    PresignedRequest result;
    result.added = s3::presign_query(signing_case.request, signing_case.credentials, signing_case.scope,
                                     signing_case.expires);
    s3::SigningRequest complete = signing_case.request;
    complete.payload_hash = s3::unsigned_payload;
    append_signed(complete.query, result.added);
    result.stages = stages_of(signing_case, complete);

    std::vector<s3::NameValue> query = signing_case.request.query;
    query.insert(query.end(), result.added.begin(), result.added.end());
    result.url = s3::object_target(signing_case.endpoint, signing_case.key, query).url;
    return result;
}

std::string value_of(const std::vector<s3::NameValue>& list, std::string_view name) {
    for (const s3::NameValue& entry : list) {
        if (entry.name == name) {
            return entry.value;
        }
    }
    return {};
}

}  // namespace filestore::test
