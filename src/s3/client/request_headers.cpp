#include "s3/client/request_headers.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/copy_xml.h"
#include "s3/protocol/encoded_word.h"

namespace filestore::s3 {

namespace {

/// S3 user guide, "User-defined object metadata".
constexpr std::size_t most_metadata_bytes = 2048;

Conditions to_conditions(const S3Conditions& conditions) {
    return {conditions.if_match, conditions.if_none_match, conditions.if_modified_since,
            conditions.if_unmodified_since};
}

std::vector<NameValue> to_name_values(const std::vector<S3Field>& fields) {
    std::vector<NameValue> values;
    std::transform(fields.begin(), fields.end(), std::back_inserter(values), [](const S3Field& field) {
        return NameValue{field.name, field.value};
    });
    return values;
}

bool is_metadata_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

/// Servers that decode what is encoded make a header of it.
bool is_metadata_value(std::string_view value) {
    return is_utf8(value) && std::none_of(value.begin(), value.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
           });
}

/// Servers join the values of a name that comes twice.
Result<void> check_named_once(const std::vector<S3Field>& metadata) {
    std::vector<std::string_view> names;
    std::transform(metadata.begin(), metadata.end(), std::back_inserter(names),
                   [](const S3Field& field) { return std::string_view(field.name); });
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    return twice == names.end() ? Result<void>()
                                : Error(ErrorCode::invalid_argument,
                                        "the metadata name " + quoted(*twice) + " is given twice");
}

Result<std::vector<NameValue>> metadata_headers(const std::vector<S3Field>& metadata) {
    std::vector<NameValue> headers;
    std::size_t bytes = 0;
    for (const S3Field& field : metadata) {
        if (!is_metadata_name(field.name)) {
            return Error(ErrorCode::invalid_argument,
                         "the metadata name " + quoted(field.name) +
                             " holds other characters than a-z, 0-9, '.', '_', '-'");
        }
        if (!is_metadata_value(field.value)) {
            return Error(ErrorCode::invalid_argument,
                         "the value of metadata " + quoted(field.name) +
                             " is not UTF-8, or holds a control character: encode it");
        }
        headers.push_back({"x-amz-meta-" + field.name, to_header_text(field.value)});
        bytes += field.name.size() + headers.back().value.size();
    }
    if (bytes > most_metadata_bytes) {
        return Error(ErrorCode::invalid_argument,
                     "the metadata has " + std::to_string(bytes) +
                         " bytes in the headers: S3 takes at most 2048, names and values");
    }
    FILESTORE_TRY(check_named_once(metadata));
    return headers;
}

}  // namespace

Encryption to_encryption(const S3Encryption& encryption) {
    Encryption result;
    switch (encryption.kind) {
        case S3Encryption::Kind::bucket_default:
            break;
        case S3Encryption::Kind::s3:
            result.kind = Encryption::Kind::s3;
            break;
        case S3Encryption::Kind::kms:
            result.kind = Encryption::Kind::kms;
            break;
        case S3Encryption::Kind::customer:
            result.kind = Encryption::Kind::customer_key;
            break;
    }
    result.kms_key_id = encryption.kms_key_id;
    result.kms_context = encryption.kms_context;
    result.customer_key = encryption.customer_key;
    return result;
}

void append(std::vector<NameValue>& headers, std::vector<NameValue> more) {
    headers.insert(headers.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Result<std::vector<NameValue>> put_headers(const S3PutRequest& request, bool tls) {
    FILESTORE_TRY_ASSIGN(auto headers, metadata_headers(request.metadata));
    FILESTORE_TRY_ASSIGN(auto content, content_headers({request.content_type, request.cache_control,
                                                        request.content_disposition, request.content_encoding,
                                                        request.content_language, std::nullopt}));
    append(headers, std::move(content));
    WriteOptions options;
    options.storage_class = request.storage_class;
    options.encryption = to_encryption(request.encryption);
    options.tags = to_name_values(request.tags);
    options.requester_pays = request.requester_pays;
    FILESTORE_TRY_ASSIGN(auto written, write_headers(options, tls));
    append(headers, std::move(written));
    return headers;
}

Result<std::vector<NameValue>> access_headers(const S3Encryption& encryption, bool requester_pays, bool tls) {
    FILESTORE_TRY_ASSIGN(auto headers,
                         encryption_headers(to_encryption(encryption), EncryptionUse::access, tls));
    if (requester_pays) {
        headers.push_back(requester_pays_header());
    }
    return headers;
}

Result<std::vector<NameValue>> condition_headers(const S3Conditions& conditions) {
    return condition_headers(to_conditions(conditions));
}

Result<std::vector<NameValue>> copy_headers(const S3CopyRequest& request, bool tls) {
    std::vector<NameValue> headers;
    if (request.metadata) {
        FILESTORE_TRY_ASSIGN(headers, metadata_headers(*request.metadata));
        headers.push_back({"content-type", request.content_type});
    }
    WriteOptions options;
    options.storage_class = request.storage_class;
    options.encryption = to_encryption(request.encryption);
    options.requester_pays = request.requester_pays;
    FILESTORE_TRY_ASSIGN(auto written, write_headers(options, tls));
    append(headers, std::move(written));
    return headers;
}

Result<std::vector<NameValue>> copy_source_headers(const S3CopyRequest& request, bool tls) {
    FILESTORE_TRY_ASSIGN(auto headers, copy_condition_headers(to_conditions(request.source_conditions)));
    FILESTORE_TRY_ASSIGN(auto encryption, encryption_headers(to_encryption(request.source_encryption),
                                                             EncryptionUse::copy_source, tls));
    append(headers, std::move(encryption));
    headers.push_back({"x-amz-copy-source",
                       copy_source(request.source_bucket, request.source_key, request.source_version_id)});
    return headers;
}

}  // namespace filestore::s3
