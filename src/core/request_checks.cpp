#include "core/request_checks.h"

#include <algorithm>

#include "core/text.h"
#include "core/try.h"

namespace filestore {

namespace {

Error invalid_request(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

Result<void> check_id(const FileId& id) {
    if (id.is_nil()) {
        return invalid_request("the request has no file ID");
    }
    return {};
}

constexpr std::size_t most_content_type_bytes = 255;
constexpr std::size_t most_path_bytes = std::size_t{8} * 1024;

}  // namespace

Result<void> check_request(const UploadRequest& request) {
    FILESTORE_TRY(check_id(request.id));
    if (!request.source) {
        return invalid_request("the upload has no source");
    }
    if (request.original_path.size() > most_path_bytes) {
        return invalid_request("the original path is longer than 8 KiB");
    }
    if (!is_utf8(request.original_path)) {
        return invalid_request("the original path " + quoted(request.original_path) +
                               " is not UTF-8: give a name that is");
    }
    if (request.content_type.empty() || request.content_type.size() > most_content_type_bytes ||
        !is_printable_ascii(request.content_type)) {
        return invalid_request("the content type " + quoted(request.content_type) +
                               " is not 1 to 255 characters of printable ASCII");
    }
    if (request.create_only && !request.if_version.empty()) {
        return invalid_request("an upload cannot both create a file and replace a version of it");
    }
    return check_user_metadata(request.metadata);
}

Result<void> check_range(const std::optional<ByteRange>& range) {
    return range && range->length == 0U ? invalid_request("a range of 0 bytes cannot be downloaded")
                                        : Result<void>();
}

Result<void> check_request(const DownloadRequest& request) {
    FILESTORE_TRY(check_id(request.id));
    if (!request.sink) {
        return invalid_request("the download has no sink");
    }
    return check_range(request.range);
}

Result<void> check_request(const FileRequest& request) {
    return check_id(request.id);
}

Result<void> check_request(const RemoveBatchRequest& request) {
    if (request.ids.empty() || request.ids.size() > 1000) {
        return invalid_request("a batch has 1 to 1000 files, not " + std::to_string(request.ids.size()));
    }
    if (!request.if_versions.empty() && request.if_versions.size() != request.ids.size()) {
        return invalid_request("a batch of " + std::to_string(request.ids.size()) +
                               " files has as many versions or none, not " +
                               std::to_string(request.if_versions.size()));
    }
    for (const FileId& id : request.ids) {
        FILESTORE_TRY(check_id(id));
    }
    return {};
}

Result<void> check_batch(const RemoveBatchRequest& request, const Capabilities& capabilities) {
    FILESTORE_TRY(check_request(request));
    const bool compares = std::any_of(request.if_versions.begin(), request.if_versions.end(),
                                      [](const std::string& version) { return !version.empty(); });
    if (compares && !capabilities.compare_and_delete) {
        return Error(ErrorCode::unsupported,
                     "this backend cannot compare versions of files that it removes: leave if_versions out");
    }
    return {};
}

Result<void> check_request(const ListRequest& request) {
    if (request.limit < 1 || request.limit > 1000) {
        return invalid_request("the limit of a list is 1 to 1000, not " + std::to_string(request.limit));
    }
    return {};
}

Result<void> check_request(const PresignRequest& request) {
    using namespace std::chrono_literals;
    FILESTORE_TRY(check_id(request.id));
    if (request.expires < 1s || request.expires > std::chrono::days(7)) {
        return invalid_request("a presigned URL lasts 1 second to 7 days, not " +
                               std::to_string(request.expires.count()) + " seconds");
    }
    const bool says_headers = !request.answer_disposition.empty() || !request.answer_type.empty();
    if (says_headers && request.method != PresignMethod::get) {
        return invalid_request("answer_disposition and answer_type are of reads: leave them out otherwise");
    }
    if (!is_printable_ascii(request.answer_disposition) || !is_printable_ascii(request.answer_type)) {
        return invalid_request("answer_disposition and answer_type must be printable ASCII");
    }
    return {};
}

Result<void> check_request(const VerifyRequest& request) {
    if (request.parallel < 1 || request.parallel > 64) {
        return invalid_request("a run of verify reads 1 to 64 files at a time, not " +
                               std::to_string(request.parallel));
    }
    return {};
}

Result<ResolvedRange> resolve_range(const std::optional<ByteRange>& range, std::uint64_t file_size) {
    if (!range) {
        return ResolvedRange{0, file_size};
    }
    if (range->offset >= file_size) {
        return Error(ErrorCode::range_not_satisfiable, "the range starts at byte " +
                                                           std::to_string(range->offset) + " of a file of " +
                                                           std::to_string(file_size) + " bytes");
    }
    const std::uint64_t rest = file_size - range->offset;
    return ResolvedRange{range->offset, std::min(rest, range->length.value_or(rest))};
}

}  // namespace filestore
