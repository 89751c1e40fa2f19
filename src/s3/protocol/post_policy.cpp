#include "s3/protocol/post_policy.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "core/ascii.h"
#include "core/encoding.h"
#include "core/json.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::s3 {
namespace {

/// Names that signing, the policy's own members and the file take.
constexpr std::array<std::string_view, 10> taken_names{
    "bucket",           "key",        "content-type",         "policy",          "x-amz-algorithm",
    "x-amz-credential", "x-amz-date", "x-amz-security-token", "x-amz-signature", "file"};

Error invalid_policy(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

/// The fields that name the signature's key, date and algorithm.
std::vector<NameValue> signing_fields(const Credentials& credentials, const SigningScope& scope) {
    std::vector<NameValue> fields{{"x-amz-algorithm", "AWS4-HMAC-SHA256"},
                                  {"x-amz-credential", credential_name(credentials, scope)},
                                  {"x-amz-date", signing_time(scope)}};
    if (!credentials.session_token.empty()) {
        fields.push_back({"x-amz-security-token", std::string(std::string_view(credentials.session_token))});
    }
    return fields;
}

/// Writes the conditions of a policy.
class ConditionWriter {
public:
    explicit ConditionWriter(JsonTextWriter& json) : json_(json) {}

    /// {"name": "value"}
    void equal(std::string_view name, std::string_view value) {
        json_.StartObject();
        put(name);
        put(value);
        json_.EndObject();
    }

    /// ["starts-with", "$name", "text"]
    void begins_with(std::string_view name, std::string_view text) {
        json_.StartArray();
        put("starts-with");
        put("$" + std::string(name));
        put(text);
        json_.EndArray();
    }

    void rule(std::string_view name, const FieldRule& rule) {
        rule.kind == FieldRule::Kind::exact ? equal(name, rule.text) : begins_with(name, rule.text);
    }

    /// ["content-length-range", 1, 2]
    void size(const SizeRange& range) {
        json_.StartArray();
        put("content-length-range");
        json_.Uint64(range.least);
        json_.Uint64(range.most);
        json_.EndArray();
    }

private:
    void put(std::string_view text) { json_.String(text.data(), static_cast<rj::SizeType>(text.size())); }

    JsonTextWriter& json_;
};

/// RFC 3339 with milliseconds, as S3 demands it.
std::string expiration(Timestamp time) {
    std::string text = format_timestamp(time);
    constexpr std::size_t microseconds = 3;
    text.erase(text.size() - 1 - microseconds, microseconds);
    return text;
}

Result<void> check_text(std::string_view text, std::string_view what) {
    if (!is_utf8(text)) {
        return invalid_policy("the " + std::string(what) + " " + quoted(text) + " of a form is not UTF-8");
    }
    return {};
}

Result<void> check_fields(const std::vector<NameValue>& fields) {
    for (auto field = fields.begin(); field != fields.end(); ++field) {
        const std::string name = to_lower(field->name);
        const bool is_taken = std::find(taken_names.begin(), taken_names.end(), name) != taken_names.end();
        const bool is_twice = std::any_of(fields.begin(), field, [&name](const NameValue& other) {
            return equal_ignoring_case(other.name, name);
        });
        if (name.empty() || is_taken || is_twice || !is_printable_ascii(name)) {
            return invalid_policy("the form cannot have a further field " + quoted(field->name));
        }
        FILESTORE_TRY(check_text(field->value, "field"));
    }
    return {};
}

Result<void> check_policy(const PostPolicy& policy, const SigningScope& scope) {
    constexpr std::chrono::days longest{7};
    if (policy.bucket.empty()) {
        return invalid_policy("a form needs a bucket");
    }
    if (policy.key.kind == FieldRule::Kind::exact && policy.key.text.empty()) {
        return invalid_policy("a form needs a key");
    }
    if (policy.size && policy.size->least > policy.size->most) {
        return invalid_policy("the least size of a form's file is more than its most");
    }
    if (policy.expires <= scope.time || policy.expires > scope.time + longest) {
        return invalid_policy("a form expires within 7 days from now");
    }
    FILESTORE_TRY(check_text(policy.key.text, "key"));
    FILESTORE_TRY(check_text(policy.content_type.value_or(FieldRule()).text, "content type"));
    return check_fields(policy.fields);
}

/// What the form says of the object; the signature's fields follow.
std::vector<NameValue> object_fields(const PostPolicy& policy) {
    const bool is_exact = policy.key.kind == FieldRule::Kind::exact;
    std::vector<NameValue> fields{{"key", policy.key.text + (is_exact ? "" : "${filename}")}};
    if (policy.content_type && policy.content_type->kind == FieldRule::Kind::exact) {
        fields.push_back({"Content-Type", policy.content_type->text});
    }
    fields.insert(fields.end(), policy.fields.begin(), policy.fields.end());
    return fields;
}

}  // namespace

std::string post_policy_document(const PostPolicy& policy, const Credentials& credentials,
                                 const SigningScope& scope) {
    JsonText text;
    JsonTextWriter json(text);
    ConditionWriter conditions(json);
    json.StartObject();
    json.Key("expiration");
    json.String(expiration(policy.expires));
    json.Key("conditions");
    json.StartArray();
    conditions.equal("bucket", policy.bucket);
    conditions.rule("key", policy.key);
    if (policy.content_type) {
        conditions.rule("Content-Type", *policy.content_type);
    }
    if (policy.size) {
        conditions.size(*policy.size);
    }
    for (const NameValue& field : policy.fields) {
        conditions.equal(field.name, field.value);
    }
    for (const NameValue& field : signing_fields(credentials, scope)) {
        conditions.equal(field.name, field.value);
    }
    json.EndArray();
    json.EndObject();
    return std::move(text.text);
}

Result<std::vector<NameValue>> post_form(const PostPolicy& policy, const Credentials& credentials,
                                         const SigningScope& scope) {
    FILESTORE_TRY(check_policy(policy, scope));
    std::vector<NameValue> fields = object_fields(policy);
    for (NameValue& field : signing_fields(credentials, scope)) {
        fields.push_back(std::move(field));
    }
    std::string document = to_base64(post_policy_document(policy, credentials, scope));
    std::string signed_document = signature(credentials, scope, document);
    fields.push_back({"policy", std::move(document)});
    fields.push_back({"x-amz-signature", std::move(signed_document)});
    return fields;
}

}  // namespace filestore::s3
