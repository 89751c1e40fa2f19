#include "s3/client/probe_trials.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/try.h"
#include "s3/client/request_headers.h"
#include "s3/credentials/given.h"
#include "s3/protocol/copy_xml.h"
#include "s3/protocol/delete_xml.h"
#include "s3/protocol/endpoint.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/listing_xml.h"
#include "s3/protocol/tagging.h"

namespace filestore::s3 {

namespace {

using Headers = std::vector<NameValue>;
using Body = ProbeSession::Body;

constexpr std::string_view object_name = "object";
constexpr std::string_view object_bytes = "stored by filestore probe";
constexpr std::string_view no_etag = "\"00000000000000000000000000000000\"";

Finding yes(std::string how) {
    return {true, std::move(how)};
}
Finding no(std::string how) {
    return {false, std::move(how)};
}

Body plain(std::string_view bytes, Headers headers = {}) {
    return {std::string(bytes), std::move(headers), {}};
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

Result<Finding> try_put(ProbeSession& session) {
    FILESTORE_TRY(session.put(object_name, plain(object_bytes)));
    return yes("stored an object");
}

Result<Finding> try_get(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(const bool same, session.holds(object_name, object_bytes));
    return found(same, "came back as it went in", "other bytes came back");
}

Result<Finding> try_head(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(const Answer answer, session.head(object_name));
    const bool same = answer.header("content-length") == std::to_string(object_bytes.size());
    return found(same, "tells the size", "tells no size, or a wrong one");
}

Result<Finding> try_range(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(const Answer answer, session.get(object_name, {{"range", "bytes=7-9"}}));
    return found(answer.body == object_bytes.substr(7, 3), "gives a part of an object",
                 "gives other bytes than were asked for");
}

Result<Finding> try_delete(ProbeSession& session) {
    FILESTORE_TRY(session.put("gone", plain("x")));
    FILESTORE_TRY(session.remove("gone"));
    FILESTORE_TRY_ASSIGN(const bool left, session.exists("gone"));
    return found(!left, "removes an object", "leaves it");
}

Result<Finding> try_signature_check(ProbeSession& session) {
    const auto keys =
        make_given_provider(given_keys("FILESTOREPROBESTRANGER", "no-secret-of-this-server", {}));
    return session.as(session.other_requester(session.options(), keys), [&]() -> Result<Finding> {
        const auto answer = session.get(object_name);
        if (!answer.ok() && answer.error().details().http_status == 0) {
            return answer.error();
        }
        return found(!answer.ok(), "refuses keys that it does not know", "gives objects to anybody");
    });
}

Result<Finding> try_virtual_host(ProbeSession& session) {
    S3ClientOptions options = session.options();
    options.addressing = S3Addressing::virtual_host;
    const auto endpoint = resolve_endpoint(options, session.bucket());
    if (!endpoint.ok()) {
        return Error(ErrorCode::unavailable, std::string(endpoint.error().message()));
    }
    return session.as(session.other_requester(std::move(options)), [&]() -> Result<Finding> {
        const auto answer = session.holds(object_name, object_bytes);
        return found(answer.ok() && *answer, "answers at " + endpoint->host,
                     "does not answer at " + endpoint->host);
    });
}

Result<Finding> try_etag_md5(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(const Answer answer, session.head(object_name));
    const bool same = unquoted_etag(answer.header("etag")) == to_hex(md5(object_bytes));
    return found(same, "the ETag of a small object is its MD5", "the ETag of a small object is no MD5");
}

Result<Finding> try_conditional_get(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(const Answer object, session.head(object_name));
    const std::string etag(object.header("etag"));
    FILESTORE_TRY_ASSIGN(const bool unchanged,
                         was_refused(session.get(object_name, {{"if-none-match", etag}})));
    FILESTORE_TRY_ASSIGN(const bool changed,
                         was_refused(session.get(object_name, {{"if-match", std::string(no_etag)}})));
    return found(unchanged && changed, "If-Match and If-None-Match on reads",
                 changed ? "passes over If-None-Match" : "passes over If-Match");
}

Result<Finding> try_conditional_put(ProbeSession& session) {
    const Headers only_new{{"if-none-match", "*"}};
    FILESTORE_TRY(session.put("once", plain("first", only_new)));
    FILESTORE_TRY_ASSIGN(const bool refused, was_refused(session.put("once", plain("second", only_new))));
    FILESTORE_TRY_ASSIGN(const bool kept, session.holds("once", "first"));
    return found(refused && kept, "If-None-Match keeps what is there",
                 "passes over If-None-Match, and overwrites");
}

Result<Finding> try_compare_and_swap(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(const Answer first, session.put("swapped", plain("first")));
    const Headers same{{"if-match", std::string(first.header("etag"))}};
    const auto swapped = session.put("swapped", plain("second", same));
    FILESTORE_TRY_ASSIGN(const bool refused_at_once, was_refused(swapped));
    if (refused_at_once) {
        return no("refuses If-Match also where it holds");
    }
    FILESTORE_TRY_ASSIGN(const bool refused, was_refused(session.put("swapped", plain("third", same))));
    FILESTORE_TRY_ASSIGN(const bool kept, session.holds("swapped", "second"));
    return found(refused && kept, "If-Match keeps what is another one",
                 "passes over If-Match, and overwrites");
}

Result<Finding> try_conditional_delete(ProbeSession& session) {
    FILESTORE_TRY(session.put("kept", plain("x")));
    FILESTORE_TRY_ASSIGN(const bool refused,
                         was_refused(session.remove("kept", {{"if-match", std::string(no_etag)}})));
    FILESTORE_TRY_ASSIGN(const bool kept, session.exists("kept"));
    return found(refused && kept, "If-Match keeps what is another one", "passes over If-Match, and deletes");
}

/// The checksum that the server tells of an object is the one that travelled with it.
Result<bool> keeps_checksum(ProbeSession& session, std::string_view name, const ChecksumValue& value) {
    FILESTORE_TRY_ASSIGN(const Answer answer,
                         session.get(name, {{std::string(checksum_mode_header), "ENABLED"}}));
    return answer.header(checksum_header(value.algorithm)) == value.text();
}

Result<Finding> try_checksum_header(ProbeSession& session) {
    std::string kept;
    bool all = true;
    for (const ChecksumAlgorithm algorithm : all_checksum_algorithms) {
        const std::string name = "sum-" + std::string(to_string(algorithm));
        Body body = plain(object_bytes);
        body.checksum = {S3ChecksumMode::header, algorithm};
        const auto stored = session.put(name, std::move(body));
        const auto keeps = stored.ok()
                               ? keeps_checksum(session, name, checksum_of(algorithm, bytes_of(object_bytes)))
                               : Result<bool>(stored.error());
        const bool is_kept = keeps.ok() && *keeps;
        kept += is_kept ? (kept.empty() ? "keeps " : ", ") + std::string(to_string(algorithm)) : "";
        all = all && is_kept;
        FILESTORE_TRY(session.check_limits());
    }
    return Finding{all, kept.empty() ? "keeps none" : kept};
}

Result<Finding> try_checksum_check(ProbeSession& session) {
    const ChecksumValue other = checksum_of(ChecksumAlgorithm::crc32c, bytes_of("other bytes"));
    const auto answer = session.put(
        "mismatch", plain(object_bytes, {{std::string(checksum_header(other.algorithm)), other.text()}}));
    if (!answer.ok() && answer.error().details().http_status == 0) {
        return answer.error();
    }
    return found(!answer.ok(), "refuses bytes that have another CRC32C",
                 "takes bytes that have another CRC32C");
}

Result<Finding> try_checksum_trailer(ProbeSession& session) {
    const std::string bytes(70'001, 't');
    Body body = plain(bytes);
    body.checksum = {S3ChecksumMode::trailer, ChecksumAlgorithm::crc32c};
    FILESTORE_TRY(session.put("trailer", std::move(body)));
    FILESTORE_TRY_ASSIGN(const bool same, session.holds("trailer", bytes));
    FILESTORE_TRY_ASSIGN(
        const bool kept,
        keeps_checksum(session, "trailer", checksum_of(ChecksumAlgorithm::crc32c, bytes_of(bytes))));
    return found(same, kept ? "takes and keeps it" : "takes it, but does not keep it",
                 "stores the framing with the bytes");
}

Result<std::vector<NameValue>> tags_of(ProbeSession& session, std::string_view name) {
    FILESTORE_TRY_ASSIGN(const Answer answer, session.ask(http::Method::get, name, {{"tagging", ""}}));
    return parse_tagging(answer.body);
}

Result<Finding> try_tags(ProbeSession& session) {
    const std::vector<NameValue> first{{"team", "a b"}};
    const std::vector<NameValue> second{{"one", "1"}};
    FILESTORE_TRY_ASSIGN(std::string header, tagging_header(first));
    FILESTORE_TRY(session.put("tagged", plain("x", {{"x-amz-tagging", std::move(header)}})));
    FILESTORE_TRY_ASSIGN(const auto with_object, tags_of(session, "tagged"));
    FILESTORE_TRY_ASSIGN(std::string body, tagging_body(second));
    FILESTORE_TRY(session.ask(http::Method::put, "tagged", {{"tagging", ""}}, std::move(body)));
    FILESTORE_TRY_ASSIGN(const auto alone, tags_of(session, "tagged"));
    return found(with_object == first && alone == second, "come with an object, and are replaced",
                 "does not keep what was set");
}

Result<Finding> try_copy(ProbeSession& session) {
    const std::string source = copy_source(session.bucket(), session.key(object_name));
    FILESTORE_TRY_ASSIGN(const Answer answer,
                         session.put("copy", plain({}, {{"x-amz-copy-source", source}})));
    FILESTORE_TRY(parse_copy_object(answer.body));
    FILESTORE_TRY_ASSIGN(const bool same, session.holds("copy", object_bytes));
    return found(same, "copies an object", "the copy has other bytes");
}

Result<Finding> try_batch_delete(ProbeSession& session) {
    const std::array names{std::string_view("batch-1"), std::string_view("batch & 2")};
    std::vector<ObjectName> objects;
    for (const std::string_view name : names) {
        FILESTORE_TRY(session.put(name, plain("x")));
        objects.push_back({session.key(name), {}});
    }
    FILESTORE_TRY_ASSIGN(std::string body, delete_body(objects));
    FILESTORE_TRY_ASSIGN(const Answer answer,
                         session.ask(http::Method::post, {}, {{"delete", ""}}, std::move(body)));
    FILESTORE_TRY_ASSIGN(const auto results, parse_delete_result(answer.body, objects));
    for (std::size_t i = 0; i < names.size(); ++i) {
        FILESTORE_TRY(results[i]);
        FILESTORE_TRY_ASSIGN(const bool left, session.exists(names[i]));
        if (left) {
            return no("says that they are gone, and leaves them");
        }
    }
    return yes("removes several objects at once");
}

Result<Finding> try_conditional_batch_delete(ProbeSession& session) {
    FILESTORE_TRY(session.put("batch-kept", plain("x")));
    const std::array objects{ObjectName{session.key("batch-kept"), {}, std::string(no_etag)}};
    FILESTORE_TRY_ASSIGN(std::string body, delete_body(objects));
    FILESTORE_TRY_ASSIGN(const Answer answer,
                         session.ask(http::Method::post, {}, {{"delete", ""}}, std::move(body)));
    FILESTORE_TRY_ASSIGN(const auto results, parse_delete_result(answer.body, objects));
    FILESTORE_TRY_ASSIGN(const bool kept, session.exists("batch-kept"));
    return found(!results.front().ok() && kept, "an ETag in a batch keeps what is another one",
                 "passes over ETags in batches, and deletes");
}

Result<ObjectListing> list_page(ProbeSession& session, ListVersion version, const std::string& prefix,
                                Headers more = {}) {
    std::vector<NameValue> query{{"prefix", session.key(prefix)}};
    if (version == ListVersion::v2) {
        query.push_back({"list-type", "2"});
    }
    append(query, std::move(more));
    FILESTORE_TRY_ASSIGN(const Answer answer, session.ask(http::Method::get, {}, std::move(query)));
    return parse_listing(answer.body, version);
}

/// Whether two pages tell of all three objects, each once.
Result<Finding> try_pages(ProbeSession& session, ListVersion version) {
    const std::string prefix = version == ListVersion::v2 ? "pages-2/" : "pages-1/";
    std::multiset<std::string> expected;
    for (const char* name : {"a", "b", "c"}) {
        FILESTORE_TRY(session.put(prefix + name, plain("x")));
        expected.insert(session.key(prefix + name));
    }
    FILESTORE_TRY_ASSIGN(const ObjectListing first, list_page(session, version, prefix, {{"max-keys", "2"}}));
    const bool is_v2 = version == ListVersion::v2;
    const std::string& place = is_v2 ? first.next_continuation_token : first.next_marker;
    if (!first.truncated || place.empty()) {
        return no("does not tell how to go on");
    }
    FILESTORE_TRY_ASSIGN(
        const ObjectListing second,
        list_page(session, version, prefix, {{is_v2 ? "continuation-token" : "marker", place}}));
    std::multiset<std::string> keys;
    for (const ObjectListing* page : {&first, &second}) {
        for (const ListedObject& object : page->objects) {
            keys.insert(object.key);
        }
    }
    return found(keys == expected, "lists in pages", "leaves keys out, or repeats them");
}

Result<Finding> try_list_v2(ProbeSession& session) {
    return try_pages(session, ListVersion::v2);
}

Result<Finding> try_list_v1(ProbeSession& session) {
    return try_pages(session, ListVersion::v1);
}

Result<Finding> try_list_encoding(ProbeSession& session) {
    const std::string name = "encoded/a b+c%20&<d>";
    FILESTORE_TRY(session.put(name, plain("x")));
    FILESTORE_TRY_ASSIGN(
        const Answer answer,
        session.ask(http::Method::get, {},
                    {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", session.key("encoded/")}}));
    FILESTORE_TRY_ASSIGN(const ObjectListing listing, parse_listing(answer.body));
    const bool says_so = answer.body.find("<EncodingType>url") != std::string::npos;
    const bool right = listing.objects.size() == 1 && listing.objects.front().key == session.key(name);
    return found(says_so && right, "keys come encoded, and are the same decoded",
                 says_so ? "keys come encoded wrongly" : "passes over encoding-type=url");
}

Result<Finding> try_any_key(ProbeSession& session) {
    const std::string name = "path//x";
    const auto stored = session.put(name, plain("x"));
    if (!stored.ok() && stored.error().details().http_status != 0) {
        return no("keys are paths: refuses '//'");
    }
    FILESTORE_TRY(stored);
    FILESTORE_TRY_ASSIGN(const ObjectListing listing, list_page(session, ListVersion::v2, "path/"));
    const bool right = listing.objects.size() == 1 && listing.objects.front().key == session.key(name);
    return found(right, "takes '//' for what it is", "keys are paths: takes '//' for '/'");
}

Result<Finding> try_list_versions(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(
        const Answer answer,
        session.ask(http::Method::get, {}, {{"versions", ""}, {"prefix", session.key(object_name)}}));
    FILESTORE_TRY_ASSIGN(const VersionListing listing, parse_version_listing(answer.body));
    const bool is_listed =
        std::any_of(listing.versions.begin(), listing.versions.end(),
                    [&](const auto& version) { return version.key == session.key(object_name); });
    return found(is_listed, "lists versions of objects", "does not list the versions of an object");
}

Result<Finding> try_sse_s3(ProbeSession& session) {
    FILESTORE_TRY(session.put("encrypted", plain("x", {{"x-amz-server-side-encryption", "AES256"}})));
    FILESTORE_TRY_ASSIGN(const Answer answer, session.head("encrypted"));
    return found(answer.header("x-amz-server-side-encryption") == "AES256",
                 "says that the object is encrypted", "does not say that the object is encrypted");
}

Result<Finding> try_sse_customer(ProbeSession& session) {
    if (!session.is_tls()) {
        return Error(ErrorCode::unavailable, "the key would travel in the clear: needs https");
    }
    S3Encryption encryption;
    encryption.kind = S3Encryption::Kind::customer;
    encryption.customer_key = std::string(32, 'k');
    FILESTORE_TRY_ASSIGN(const Headers keys, access_headers(encryption, false, true));
    FILESTORE_TRY(session.put("own-key", plain(object_bytes, keys)));
    FILESTORE_TRY_ASSIGN(const Answer answer, session.get("own-key", keys));
    const bool open_to_all = session.get("own-key").ok();
    return found(answer.body == object_bytes && !open_to_all, "gives the object for the key only",
                 "passes over the key, and stores in the clear");
}

/// A class that costs no more when the object goes at once.
Result<Finding> try_storage_class(ProbeSession& session) {
    constexpr std::string_view name = "REDUCED_REDUNDANCY";
    FILESTORE_TRY(session.put("class", plain("x", {{"x-amz-storage-class", std::string(name)}})));
    FILESTORE_TRY_ASSIGN(const Answer answer, session.head("class"));
    return found(answer.header("x-amz-storage-class") == name, "keeps it", "passes over it");
}

constexpr std::array trials_of_objects{
    Trial{"put", &try_put},
    Trial{"get", &try_get},
    Trial{"head", &try_head},
    Trial{"range", &try_range},
    Trial{"delete", &try_delete},
    Trial{"signature-check", &try_signature_check},
    Trial{"virtual-host", &try_virtual_host},
    Trial{"etag-md5", &try_etag_md5},
    Trial{"conditional-get", &try_conditional_get},
    Trial{"conditional-put", &try_conditional_put},
    Trial{"compare-and-swap", &try_compare_and_swap},
    Trial{"conditional-delete", &try_conditional_delete},
    Trial{"checksum-header", &try_checksum_header},
    Trial{"checksum-check", &try_checksum_check},
    Trial{"checksum-trailer", &try_checksum_trailer},
    Trial{"list-v2", &try_list_v2},
    Trial{"list-v1", &try_list_v1},
    Trial{"list-encoding", &try_list_encoding},
    Trial{"versions", &try_list_versions},
    Trial{"key-slashes", &try_any_key},
    Trial{"batch-delete", &try_batch_delete},
    Trial{"conditional-batch-delete", &try_conditional_batch_delete},
    Trial{"copy", &try_copy},
    Trial{"tags", &try_tags},
    Trial{"storage-class", &try_storage_class},
    Trial{"sse-s3", &try_sse_s3},
    Trial{"sse-c", &try_sse_customer},
};

}  // namespace

std::span<const Trial> object_trials() noexcept {
    return trials_of_objects;
}

Finding found(bool is_so, std::string_view how, std::string_view how_not) {
    return {is_so, std::string(is_so ? how : how_not)};
}

Result<bool> was_refused(const Result<Answer>& answer) {
    if (answer.ok()) {
        return false;
    }
    const ErrorCode code = answer.error().code();
    if (code == ErrorCode::precondition_failed || code == ErrorCode::conflict) {
        return true;
    }
    return answer.error();
}

S3ProbeFeature feature_of(std::string_view name, const Result<Finding>& found) {
    using Support = S3ProbeFeature::Support;
    S3ProbeFeature feature{std::string(name), Support::unknown, {}};
    if (found.ok()) {
        feature.support = found->yes ? Support::yes : Support::no;
        feature.how = found->how;
        return feature;
    }
    const Error& error = found.error();
    const int status = error.details().http_status;
    const bool says_nothing =
        error.details().server_code == "AccessDenied" || error.code() == ErrorCode::rate_limited;
    if (status == 0) {
        // A document that cannot be read is an answer.
        feature.support = error.code() == ErrorCode::corrupt ? Support::no : Support::unknown;
        feature.how = error.message();
        return feature;
    }
    feature.support = says_nothing ? Support::unknown : Support::no;
    feature.how = "answers " + std::to_string(status);
    if (!error.details().server_code.empty()) {
        feature.how += " " + error.details().server_code;
    }
    return feature;
}

}  // namespace filestore::s3
