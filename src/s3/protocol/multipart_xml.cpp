#include "s3/protocol/multipart_xml.h"

#include <algorithm>
#include <pugixml.hpp>
#include <utility>

#include "core/try.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/xml_reader.h"
#include "s3/protocol/xml_writer.h"

namespace filestore::s3 {
namespace {

constexpr std::string_view xml_namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

Error corrupt_answer(std::string message) {
    return {ErrorCode::corrupt, std::move(message)};
}

Result<void> check_parts(std::span<const UploadedPart> parts) {
    std::uint32_t last = 0;
    for (const UploadedPart& part : parts) {
        if (part.number <= last || part.number > most_parts) {
            return Error(ErrorCode::internal, "part " + std::to_string(part.number) +
                                                  " of a multipart upload stands behind part " +
                                                  std::to_string(last));
        }
        last = part.number;
    }
    return parts.empty() ? Result<void>(Error(ErrorCode::internal, "a multipart upload has no part"))
                         : Result<void>();
}

void append_part(std::string& xml, const UploadedPart& part) {
    xml += "<Part>";
    append_element(xml, "PartNumber", std::to_string(part.number));
    append_element(xml, "ETag", quoted_etag(part.etag));
    if (part.checksum) {
        append_element(xml, checksum_element(part.checksum->algorithm), part.checksum->base64);
    }
    xml += "</Part>";
}

Result<ListedPart> read_part(pugi::xml_node element) {
    ListedPart part;
    FILESTORE_TRY_ASSIGN(part.number, required_part_number(element, "PartNumber"));
    FILESTORE_TRY_ASSIGN(part.size, required_number(element, "Size"));
    part.etag = etag_of(element);
    part.checksums = checksums_in(element);
    return part;
}

/// A marker that leads back, or nowhere, is not followed.
Result<void> read_next_part(PartListing& listing, pugi::xml_node root, std::uint32_t asked_marker) {
    if (!listing.truncated) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(std::uint64_t marker, optional_number(root, "NextPartNumberMarker"));
    if (marker == 0 && !listing.parts.empty()) {
        marker = listing.parts.back().number;
    }
    if (marker <= asked_marker || marker > most_parts) {
        return corrupt_answer("the server's list of parts says that more follows, but not from where");
    }
    listing.next_marker = static_cast<std::uint32_t>(marker);
    return {};
}

Result<ListedUpload> read_upload(pugi::xml_node element, const KeyReader& keys) {
    ListedUpload upload;
    FILESTORE_TRY_ASSIGN(upload.key, keys.required(element, "Key"));
    FILESTORE_TRY_ASSIGN(upload.upload_id, required_text(element, "UploadId"));
    FILESTORE_TRY_ASSIGN(upload.initiated, required_time(element, "Initiated"));
    return upload;
}

Result<void> read_next_upload(UploadListing& listing, pugi::xml_node root, const KeyReader& keys) {
    if (!listing.truncated) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(listing.next_key_marker, keys.optional(root, "NextKeyMarker"));
    listing.next_upload_id_marker = optional_text(root, "NextUploadIdMarker");
    if (listing.next_key_marker.empty() && !listing.uploads.empty()) {
        listing.next_key_marker = listing.uploads.back().key;
        listing.next_upload_id_marker = listing.uploads.back().upload_id;
    }
    if (listing.next_key_marker.empty()) {
        return corrupt_answer("the server's list of uploads says that more follows, but not from where");
    }
    return {};
}

}  // namespace

Result<std::string> parse_upload_id(std::string_view xml) {
    pugi::xml_document document;
    // rclone's server calls it by the other name.
    FILESTORE_TRY_ASSIGN(
        const pugi::xml_node root,
        load_answer(document, xml, "InitiateMultipartUploadResult", "InitiateMultipartUpload"));
    FILESTORE_TRY_ASSIGN(std::string id, required_text(root, "UploadId"));
    if (id.empty()) {
        return corrupt_answer("the server gave the multipart upload no id");
    }
    return id;
}

Result<std::string> complete_multipart_body(std::span<const UploadedPart> parts) {
    FILESTORE_TRY(check_parts(parts));
    std::string xml = "<CompleteMultipartUpload xmlns=\"";
    xml.append(xml_namespace).append("\">");
    for (const UploadedPart& part : parts) {
        append_part(xml, part);
    }
    xml += "</CompleteMultipartUpload>";
    return xml;
}

Result<std::string> parse_completed_upload(std::string_view xml) {
    pugi::xml_document document;
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root,
                         load_answer(document, xml, "CompleteMultipartUploadResult"));
    FILESTORE_TRY(required_text(root, "ETag"));
    return etag_of(root);
}

Result<PartListing> parse_part_listing(std::string_view xml, std::uint32_t asked_marker) {
    pugi::xml_document document;
    // moto calls it by the other name.
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root,
                         load_answer(document, xml, "ListPartsResult", "ListPartsResponse"));
    PartListing listing;
    FILESTORE_TRY_ASSIGN(listing.truncated, optional_boolean(root, "IsTruncated"));
    for (const pugi::xml_node element : root.children("Part")) {
        FILESTORE_TRY_ASSIGN(ListedPart part, read_part(element));
        listing.parts.push_back(std::move(part));
    }
    std::sort(listing.parts.begin(), listing.parts.end(),
              [](const ListedPart& a, const ListedPart& b) { return a.number < b.number; });
    FILESTORE_TRY(read_next_part(listing, root, asked_marker));
    return listing;
}

Result<UploadListing> parse_upload_listing(std::string_view xml) {
    pugi::xml_document document;
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root, load_answer(document, xml, "ListMultipartUploadsResult"));
    const KeyReader keys(root);
    UploadListing listing;
    FILESTORE_TRY_ASSIGN(listing.truncated, optional_boolean(root, "IsTruncated"));
    for (const pugi::xml_node element : root.children("Upload")) {
        FILESTORE_TRY_ASSIGN(ListedUpload upload, read_upload(element, keys));
        listing.uploads.push_back(std::move(upload));
    }
    FILESTORE_TRY_ASSIGN(listing.common_prefixes, keys.common_prefixes(root));
    FILESTORE_TRY(read_next_upload(listing, root, keys));
    return listing;
}

}  // namespace filestore::s3
