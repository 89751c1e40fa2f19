#include "s3/client/presigning.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/support.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/post_policy.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {

namespace {

PostPolicy policy_of(const S3PresignPostRequest& request, Timestamp expires_at) {
    PostPolicy policy;
    policy.bucket = request.bucket;
    policy.key = {request.key_is_prefix ? FieldRule::Kind::prefix : FieldRule::Kind::exact, request.key};
    if (request.min_size > 0 || request.max_size < UINT64_MAX) {
        // Servers that read the bounds as numbers of fewer bits refuse larger ones.
        policy.size = SizeRange{request.min_size,
                                std::min(request.max_size, std::max(request.min_size, largest_object_size))};
    }
    if (!request.content_type.empty()) {
        policy.content_type = FieldRule{FieldRule::Kind::exact, request.content_type};
    }
    policy.expires = expires_at;
    return policy;
}

/// Readers of a URL send no type, and a signature over one would be refused.
Result<std::vector<NameValue>> type_headers(const S3PresignRequest& request) {
    if (request.method != PresignMethod::put && !request.content_type.empty()) {
        return Error(ErrorCode::invalid_argument, "content_type is of what is put: leave it out otherwise");
    }
    ContentHeaders content;
    content.content_type = request.content_type;
    return content_headers(content);
}

}  // namespace

Result<void> check_expiry(std::chrono::seconds expires) {
    if (expires < std::chrono::seconds(1) || expires > std::chrono::days(7)) {
        return Error(ErrorCode::invalid_argument, "a signature can be used for 1 second to 7 days, not for " +
                                                      std::to_string(expires.count()) + " seconds");
    }
    return {};
}

void presign(ClientCore& core, const S3PresignRequest& request, Completion<PresignedUrl> done) {
    CallOptions options = request.call;
    core.start<PresignedUrl>(
        options, std::move(done), [&](const OperationPtr<PresignedUrl>& operation) -> Result<void> {
            FILESTORE_TRY(check_key(request.key));
            FILESTORE_TRY(check_expiry(request.expires));
            FILESTORE_TRY(check_supported(core.quirks(), request));
            Call call = object_call(request.bucket, request.key, request.version_id, options);
            FILESTORE_TRY_ASSIGN(call.headers, type_headers(request));
            if (request.requester_pays) {
                call.query.push_back(requester_pays_header());
            }
            core.requester()->presign(
                request.method, std::move(call), {request.expires, request.allow_earlier_expiry},
                [operation](Result<PresignedUrl> url) { operation->finish(std::move(url)); });
            return {};
        });
}

void presign_post(ClientCore& core, const S3PresignPostRequest& request, Completion<S3PresignedPost> done) {
    CallOptions options = request.call;
    core.start<S3PresignedPost>(
        options, std::move(done), [&](const OperationPtr<S3PresignedPost>& operation) -> Result<void> {
            if (!request.key_is_prefix || !request.key.empty()) {
                FILESTORE_TRY(check_key(request.key));
            }
            FILESTORE_TRY(check_expiry(request.expires));
            FILESTORE_TRY(check_supported(core.quirks(), request));
            core.requester()->with_signer(
                request.bucket, options,
                [operation, request](const Result<Signer>& signer) {
                    operation->finish([&]() -> Result<S3PresignedPost> {
                        FILESTORE_TRY(signer);
                        FILESTORE_TRY(check_can_sign(*signer));
                        FILESTORE_TRY_ASSIGN(
                            const SignatureLife life,
                            signature_life({request.expires, request.allow_earlier_expiry}, *signer));
                        FILESTORE_TRY_ASSIGN(
                            std::vector<NameValue> form,
                            post_form(policy_of(request, life.ends), signer->keys, signer->scope));
                        S3PresignedPost post;
                        post.url = object_target(signer->endpoint, {}, {}).url;
                        post.expires_at = life.ends;
                        for (NameValue& field : form) {
                            post.fields.push_back({std::move(field.name), std::move(field.value)});
                        }
                        return post;
                    }());
                },
                core.requester()->now() + request.expires);
            return {};
        });
}

}  // namespace filestore::s3
