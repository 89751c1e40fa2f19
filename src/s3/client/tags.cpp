#include "s3/client/tags.h"

#include <utility>

#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/support.h"
#include "s3/protocol/tagging.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {

namespace {

Result<Call> tagging_call(const ClientCore& core, S3TagsRequest& request) {
    FILESTORE_TRY(check_key(request.key));
    FILESTORE_TRY(check_supported(core.quirks(), request));
    Call call = object_call(std::move(request.bucket), std::move(request.key), std::move(request.version_id),
                            request.call);
    call.query.push_back({"tagging", ""});
    if (request.requester_pays) {
        call.headers.push_back(requester_pays_header());
    }
    return call;
}

}  // namespace

void get_tags(ClientCore& core, S3TagsRequest request, Completion<std::vector<S3Field>> done) {
    using Tags = std::vector<S3Field>;
    core.start<Tags>(request.call, std::move(done), [&](const OperationPtr<Tags>& operation) -> Result<void> {
        FILESTORE_TRY_ASSIGN(Call call, tagging_call(core, request));
        core.send(operation, std::move(call), [operation](const Result<Answer>& answer) -> Result<void> {
            FILESTORE_TRY(answer);
            FILESTORE_TRY_ASSIGN(std::vector<NameValue> parsed, parse_tagging(answer->body));
            Tags tags;
            tags.reserve(parsed.size());
            for (NameValue& tag : parsed) {
                tags.push_back({std::move(tag.name), std::move(tag.value)});
            }
            operation->finish(std::move(tags));
            return {};
        });
        return {};
    });
}

void put_tags(ClientCore& core, S3TagsRequest request, Completion<void> done) {
    core.start<void>(request.call, std::move(done), [&](const OperationPtr<void>& operation) -> Result<void> {
        std::vector<NameValue> tags;
        tags.reserve(request.tags.size());
        for (S3Field& tag : request.tags) {
            tags.push_back({std::move(tag.name), std::move(tag.value)});
        }
        FILESTORE_TRY_ASSIGN(Call call, tagging_call(core, request));
        if (tags.empty()) {
            call.method = http::Method::remove;
        } else {
            call.method = http::Method::put;
            FILESTORE_TRY_ASSIGN(std::string body, tagging_body(tags));
            set_text_body(call, std::move(body));
        }
        core.send(operation, std::move(call), [operation](const Result<Answer>& answer) -> Result<void> {
            FILESTORE_TRY(answer);
            operation->finish({});
            return {};
        });
        return {};
    });
}

}  // namespace filestore::s3
