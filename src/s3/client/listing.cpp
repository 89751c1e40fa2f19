#include "s3/client/listing.h"

#include <string>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"
#include "s3/client/support.h"
#include "s3/protocol/listing_xml.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {

namespace {

/// Between the two markers of a versions listing, in a cursor: no key and no version ID holds it.
constexpr char marker_separator = '\0';

Result<void> check(const S3ListRequest& request) {
    if (request.limit < 1 || request.limit > 1000) {
        return Error(ErrorCode::invalid_argument,
                     "the limit " + std::to_string(request.limit) + " is not 1 to 1000");
    }
    if (!is_utf8(request.prefix) || !is_utf8(request.delimiter) || !is_utf8(request.start_after)) {
        return Error(ErrorCode::invalid_argument, "prefix, delimiter and start_after must be UTF-8");
    }
    return {};
}

/// The request without where it begins.
Call listing_call(const Quirks& quirks, const S3ListRequest& request) {
    Call call = object_call(request.bucket, {}, {}, request.call);
    call.query.push_back({"max-keys", std::to_string(request.limit)});
    // Keys may hold characters that no XML document can.
    if (quirks.list_encoding_url) {
        call.query.push_back({"encoding-type", "url"});
    }
    if (!request.prefix.empty()) {
        call.query.push_back({"prefix", request.prefix});
    }
    if (!request.delimiter.empty()) {
        call.query.push_back({"delimiter", request.delimiter});
    }
    if (request.requester_pays) {
        call.headers.push_back(requester_pays_header());
    }
    return call;
}

/// A page that says to go on has to say where, and the place has to be another one than before.
Result<void> check_progress(std::string_view next, std::string_view asked) {
    if (next.empty() || next == asked) {
        return Error(ErrorCode::corrupt, "the server's listing says that it goes on, but not where");
    }
    return {};
}

ListVersion version_of(const S3ListRequest& request, const Quirks& quirks) noexcept {
    if (!request.version) {
        return quirks.list_v2 ? ListVersion::v2 : ListVersion::v1;
    }
    return *request.version == S3ListVersion::v1 ? ListVersion::v1 : ListVersion::v2;
}

/// Where the page begins: at the cursor of the page before, else behind a key.
std::vector<NameValue> place_of(ListVersion version, const std::string& cursor,
                                const std::string& start_after) {
    const std::string& place = cursor.empty() ? start_after : cursor;
    std::vector<NameValue> query;
    if (version == ListVersion::v2) {
        query.push_back({"list-type", "2"});
    }
    if (!place.empty()) {
        const char* const of_v2 = cursor.empty() ? "start-after" : "continuation-token";
        query.push_back({version == ListVersion::v1 ? "marker" : of_v2, place});
    }
    return query;
}

Result<S3ListPage> to_page(ObjectListing listing, std::string_view asked, ListVersion version) {
    S3ListPage page;
    for (ListedObject& object : listing.objects) {
        page.objects.push_back({std::move(object.key), object.size, std::move(object.etag),
                                object.last_modified, std::move(object.storage_class)});
    }
    page.common_prefixes = std::move(listing.common_prefixes);
    if (listing.truncated) {
        std::string& next =
            version == ListVersion::v1 ? listing.next_marker : listing.next_continuation_token;
        FILESTORE_TRY(check_progress(next, asked));
        page.next = std::move(next);
    }
    return page;
}

Result<S3VersionPage> to_page(VersionListing listing, std::string_view asked) {
    S3VersionPage page;
    for (ListedVersion& version : listing.versions) {
        page.versions.push_back({std::move(version.key), std::move(version.version_id), version.is_latest,
                                 version.is_delete_marker, version.size, std::move(version.etag),
                                 version.last_modified});
    }
    page.common_prefixes = std::move(listing.common_prefixes);
    if (listing.truncated) {
        std::string next = listing.next_key_marker + marker_separator + listing.next_version_id_marker;
        FILESTORE_TRY(check_progress(next, asked));
        page.next = std::move(next);
    }
    return page;
}

}  // namespace

Result<Call> list_call(const Quirks& quirks, const S3ListRequest& request) {
    FILESTORE_TRY(check(request));
    Call call = listing_call(quirks, request);
    append(call.query, place_of(version_of(request, quirks), request.cursor, request.start_after));
    return call;
}

Result<S3ListPage> list_page(const Quirks& quirks, const S3ListRequest& request, std::string_view body) {
    const ListVersion version = version_of(request, quirks);
    FILESTORE_TRY_ASSIGN(ObjectListing listing, parse_listing(body, version));
    return to_page(std::move(listing), request.cursor, version);
}

void list(ClientCore& core, S3ListRequest request, Completion<S3ListPage> done) {
    core.start<S3ListPage>(
        request.call, std::move(done), [&](const OperationPtr<S3ListPage>& operation) -> Result<void> {
            FILESTORE_TRY_ASSIGN(Call call, list_call(core.quirks(), request));
            core.send(operation, std::move(call),
                      [operation, asked = std::move(request)](const Result<Answer>& answer) -> Result<void> {
                          FILESTORE_TRY(answer);
                          FILESTORE_TRY_ASSIGN(S3ListPage page,
                                               list_page(operation->core->quirks(), asked, answer->body));
                          operation->finish(std::move(page));
                          return {};
                      });
            return {};
        });
}

void list_versions(ClientCore& core, S3ListRequest request, Completion<S3VersionPage> done) {
    core.start<S3VersionPage>(
        request.call, std::move(done), [&](const OperationPtr<S3VersionPage>& operation) -> Result<void> {
            FILESTORE_TRY(check(request));
            FILESTORE_TRY(check_lists_versions(core.quirks()));
            Call call = listing_call(core.quirks(), request);
            call.query.push_back({"versions", ""});
            const std::size_t separator = request.cursor.find(marker_separator);
            if (!request.cursor.empty() && separator == std::string::npos) {
                return Error(
                    ErrorCode::invalid_argument,
                    "the cursor is not of a listing of versions: give the `next` of its page before");
            }
            if (separator != std::string::npos) {
                call.query.push_back({"key-marker", request.cursor.substr(0, separator)});
                call.query.push_back({"version-id-marker", request.cursor.substr(separator + 1)});
            }
            core.send(operation, std::move(call),
                      [operation, asked = request.cursor](const Result<Answer>& answer) -> Result<void> {
                          FILESTORE_TRY(answer);
                          FILESTORE_TRY_ASSIGN(VersionListing listing, parse_version_listing(answer->body));
                          FILESTORE_TRY_ASSIGN(S3VersionPage page, to_page(std::move(listing), asked));
                          operation->finish(std::move(page));
                          return {};
                      });
            return {};
        });
}

}  // namespace filestore::s3
