#include <algorithm>
#include <array>

#include "core/try.h"
#include "s3/client/probe_trials.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/copy_xml.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/part_plan.h"
#include "s3/transfer/multipart_etag.h"

namespace filestore::s3 {

namespace {

using Headers = std::vector<NameValue>;
using Body = ProbeSession::Body;
using Parts = ProbeSession::Parts;

constexpr std::string_view parts_name = "parts";
constexpr std::uint64_t second_part = 1;

/// A part of so many bytes, other ones in each.
Body part_of(std::uint32_t number, std::uint64_t size) {
    return {std::string(size, static_cast<char>('a' + number)), {}, {}};
}

Result<UploadedPart> put_part(ProbeSession& session, std::string_view name, const std::string& upload_id,
                              std::uint32_t number, std::uint64_t size) {
    FILESTORE_TRY_ASSIGN(const Answer answer,
                         session.put_part(name, upload_id, number, part_of(number, size)));
    return UploadedPart{number, std::string(unquoted_etag(answer.header("etag"))), std::nullopt};
}

Result<Parts> put_parts(ProbeSession& session, std::string_view name, const std::string& upload_id,
                        std::initializer_list<std::uint64_t> sizes) {
    Parts parts;
    for (const std::uint64_t size : sizes) {
        FILESTORE_TRY(session.check_limits());
        FILESTORE_TRY_ASSIGN(UploadedPart part, put_part(session, name, upload_id,
                                                         static_cast<std::uint32_t>(parts.size() + 1), size));
        parts.push_back(std::move(part));
    }
    return parts;
}

/// Stores an object of these parts.
Result<Parts> store_parts(ProbeSession& session, std::string_view name,
                          std::initializer_list<std::uint64_t> sizes) {
    FILESTORE_TRY_ASSIGN(const std::string upload_id, session.begin_upload(name));
    FILESTORE_TRY_ASSIGN(Parts parts, put_parts(session, name, upload_id, sizes));
    FILESTORE_TRY_ASSIGN(const Answer answer, session.complete(name, upload_id, parts));
    FILESTORE_TRY(parse_completed_upload(answer.body));
    return parts;
}

/// Whether the object has so many bytes, the last of them from part `number`.
Result<bool> ends_with(ProbeSession& session, std::string_view name, std::uint64_t size,
                       std::uint32_t number) {
    FILESTORE_TRY_ASSIGN(const Answer head, session.head(name));
    FILESTORE_TRY_ASSIGN(const std::uint64_t length, content_length(head.headers));
    FILESTORE_TRY_ASSIGN(const Answer last,
                         session.get(name, {{"range", "bytes=" + std::to_string(size - 1) + "-"}}));
    return length == size && last.body == part_of(number, 1).bytes;
}

Result<Finding> try_multipart(ProbeSession& session) {
    FILESTORE_TRY(store_parts(session, parts_name, {least_part_size, second_part}));
    FILESTORE_TRY_ASSIGN(const bool right, ends_with(session, parts_name, least_part_size + second_part, 2));
    return found(right, "makes an object of its parts", "the object is not what its parts were");
}

Result<Finding> try_multipart_etag(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(const std::string upload_id, session.begin_upload("parts-etag"));
    FILESTORE_TRY_ASSIGN(const Parts parts, put_parts(session, "parts-etag", upload_id, {second_part}));
    FILESTORE_TRY(session.complete("parts-etag", upload_id, parts));
    FILESTORE_TRY_ASSIGN(const Answer head, session.head("parts-etag"));
    const std::string expected = multipart_etag(parts);
    return found(!expected.empty() && unquoted_etag(head.header("etag")) == expected,
                 "the MD5 of the parts' MD5s", "none that can be told beforehand");
}

Result<Finding> try_unequal_parts(ProbeSession& session) {
    constexpr std::uint64_t larger = least_part_size + 65'536;
    FILESTORE_TRY(store_parts(session, "unequal", {least_part_size, larger, second_part}));
    FILESTORE_TRY_ASSIGN(const bool right,
                         ends_with(session, "unequal", least_part_size + larger + second_part, 3));
    return found(right, "parts may differ in size", "the object is not what its parts were");
}

Result<Finding> try_checksum_multipart(ProbeSession& session) {
    constexpr std::string_view name = "parts-sum";
    UploadChecksums checksums({S3ChecksumMode::header, ChecksumAlgorithm::crc64nvme});
    Headers headers;
    checksums.announce(headers);
    FILESTORE_TRY_ASSIGN(const std::string upload_id, session.begin_upload(name, std::move(headers)));
    Parts parts;
    std::vector<PartChecksum> sums;
    for (const std::uint64_t size : {least_part_size, second_part}) {
        const auto number = static_cast<std::uint32_t>(parts.size() + 1);
        Body body = part_of(number, size);
        body.checksum = {S3ChecksumMode::header, ChecksumAlgorithm::crc64nvme};
        sums.push_back(
            {checksum_of(ChecksumAlgorithm::crc64nvme, std::as_bytes(std::span(body.bytes))), size});
        FILESTORE_TRY_ASSIGN(const Answer answer, session.put_part(name, upload_id, number, std::move(body)));
        parts.push_back({number, std::string(unquoted_etag(answer.header("etag"))),
                         parse_checksum(ChecksumAlgorithm::crc64nvme, sums.back().value.text())});
    }
    FILESTORE_TRY_ASSIGN(const ChecksumValue whole,
                         multipart_checksum(ChecksumAlgorithm::crc64nvme, ChecksumType::full_object, sums));
    FILESTORE_TRY(session.complete(name, upload_id, parts,
                                   {{std::string(checksum_type_header), std::string(to_string(whole.type()))},
                                    {std::string(checksum_header(whole.algorithm)), whole.text()}}));
    FILESTORE_TRY_ASSIGN(const Answer head,
                         session.head(name, {{std::string(checksum_mode_header), "ENABLED"}}));
    return found(head.header(checksum_header(whole.algorithm)) == whole.text(),
                 "keeps the CRC64NVME of the whole object",
                 "does not keep the CRC64NVME of the whole object");
}

Result<Finding> try_conditional_complete(ProbeSession& session) {
    constexpr std::string_view name = "taken";
    FILESTORE_TRY(session.put(name, {"first", {}, {}}));
    FILESTORE_TRY_ASSIGN(const std::string upload_id, session.begin_upload(name));
    FILESTORE_TRY_ASSIGN(const Parts parts, put_parts(session, name, upload_id, {second_part}));
    FILESTORE_TRY_ASSIGN(const bool refused,
                         was_refused(session.complete(name, upload_id, parts, {{"if-none-match", "*"}})));
    FILESTORE_TRY_ASSIGN(const bool kept, session.holds(name, "first"));
    return found(refused && kept, "If-None-Match keeps what is there",
                 "passes over If-None-Match, and overwrites");
}

Result<bool> is_listed(ProbeSession& session, const std::string& prefix, const std::string& upload_id) {
    FILESTORE_TRY_ASSIGN(const Answer answer,
                         session.ask(http::Method::get, {}, {{"uploads", ""}, {"prefix", prefix}}));
    FILESTORE_TRY_ASSIGN(const UploadListing listing, parse_upload_listing(answer.body));
    return std::any_of(listing.uploads.begin(), listing.uploads.end(),
                       [&](const ListedUpload& upload) { return upload.upload_id == upload_id; });
}

Result<Finding> try_uploads_by_prefix(ProbeSession& session) {
    FILESTORE_TRY_ASSIGN(const std::string upload_id, session.begin_upload("begun/x"));
    const auto listed = is_listed(session, session.key("begun/"), upload_id);
    FILESTORE_TRY(session.abort_upload("begun/x", upload_id));
    FILESTORE_TRY(listed);
    return found(*listed, "lists the uploads under a prefix", "lists the uploads of whole keys only");
}

Result<Finding> try_multipart_abort(ProbeSession& session) {
    constexpr std::string_view name = "aborted";
    FILESTORE_TRY_ASSIGN(const std::string upload_id, session.begin_upload(name));
    FILESTORE_TRY(put_parts(session, name, upload_id, {second_part}));
    FILESTORE_TRY_ASSIGN(const bool listed, is_listed(session, session.key(name), upload_id));
    FILESTORE_TRY(session.abort_upload(name, upload_id));
    FILESTORE_TRY_ASSIGN(const bool left, is_listed(session, session.key(name), upload_id));
    return found(listed && !left, "lists an upload until it is aborted",
                 left ? "lists an upload that was aborted" : "does not list an upload that was begun");
}

Result<Finding> try_copy_multipart(ProbeSession& session) {
    constexpr std::string_view name = "parts-copy";
    FILESTORE_TRY_ASSIGN(const std::string upload_id, session.begin_upload(name));
    Parts parts;
    std::uint64_t offset = 0;
    for (const std::uint64_t size : {least_part_size, second_part}) {
        const auto number = static_cast<std::uint32_t>(parts.size() + 1);
        const Headers source{{"x-amz-copy-source", copy_source(session.bucket(), session.key(parts_name))},
                             {"x-amz-copy-source-range", copy_source_range(offset, size)}};
        FILESTORE_TRY_ASSIGN(const Answer answer,
                             session.put_part(name, upload_id, number, {{}, source, {}}));
        FILESTORE_TRY_ASSIGN(CopyResult copied, parse_copy_part(answer.body));
        parts.push_back({number, std::move(copied.etag), std::nullopt});
        offset += size;
    }
    FILESTORE_TRY(session.complete(name, upload_id, parts));
    FILESTORE_TRY_ASSIGN(const bool right, ends_with(session, name, offset, 2));
    return found(right, "copies an object in parts", "the copy has other bytes");
}

constexpr std::array trials_of_parts{
    Trial{"multipart", &try_multipart},
    Trial{"multipart-etag", &try_multipart_etag},
    Trial{"unequal-parts", &try_unequal_parts},
    Trial{"checksum-multipart", &try_checksum_multipart},
    Trial{"conditional-multipart", &try_conditional_complete},
    Trial{"uploads-by-prefix", &try_uploads_by_prefix},
    Trial{"multipart-abort", &try_multipart_abort},
    Trial{"copy-multipart", &try_copy_multipart},
};

}  // namespace

std::span<const Trial> part_trials() noexcept {
    return trials_of_parts;
}

}  // namespace filestore::s3
