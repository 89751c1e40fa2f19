#include "s3/protocol/listing_xml.h"

#include <algorithm>
#include <pugixml.hpp>
#include <utility>

#include "core/try.h"
#include "s3/protocol/xml_reader.h"

namespace filestore::s3 {
namespace {

Error corrupt_listing(std::string message) {
    return {ErrorCode::corrupt, std::move(message)};
}

Error no_way_on() {
    return corrupt_listing("the server's listing says that more follows, but not from where");
}

Result<ListedObject> read_object(pugi::xml_node contents, const KeyReader& keys) {
    ListedObject object;
    FILESTORE_TRY_ASSIGN(object.key, keys.required(contents, "Key"));
    FILESTORE_TRY_ASSIGN(object.size, required_number(contents, "Size"));
    FILESTORE_TRY_ASSIGN(object.last_modified, required_time(contents, "LastModified"));
    object.etag = etag_of(contents);
    object.storage_class = optional_text(contents, "StorageClass");
    return object;
}

/// The last that the page speaks of, in the order of keys.
std::string last_name(const ObjectListing& listing) {
    std::string last = listing.objects.empty() ? std::string() : listing.objects.back().key;
    if (!listing.common_prefixes.empty()) {
        last = std::max(last, listing.common_prefixes.back());
    }
    return last;
}

/// Where the next page begins. Ceph 16 encodes the keys of a page and not this one, which is the last of them.
Result<std::string> marker_of(pugi::xml_node root, const char* name, const KeyReader& keys,
                              std::string_view last) {
    std::string plain = optional_text(root, name);
    return !last.empty() && plain == last ? Result<std::string>(std::move(plain)) : keys.optional(root, name);
}

Result<void> read_next_marker(ObjectListing& listing, pugi::xml_node root, const KeyReader& keys) {
    if (!listing.truncated) {
        return {};
    }
    std::string last = last_name(listing);
    FILESTORE_TRY_ASSIGN(listing.next_marker, marker_of(root, "NextMarker", keys, last));
    if (listing.next_marker.empty()) {
        listing.next_marker = std::move(last);
    }
    return listing.next_marker.empty() ? Result<void>(no_way_on()) : Result<void>();
}

Result<void> read_next_token(ObjectListing& listing, pugi::xml_node root) {
    listing.next_continuation_token = optional_text(root, "NextContinuationToken");
    // Without a token the caller goes on after the last key.
    const bool lost = listing.objects.empty() && listing.next_continuation_token.empty();
    return listing.truncated && lost ? Result<void>(no_way_on()) : Result<void>();
}

Result<ListedVersion> read_version(pugi::xml_node element, const KeyReader& keys, bool is_marker) {
    ListedVersion version;
    version.is_delete_marker = is_marker;
    FILESTORE_TRY_ASSIGN(version.key, keys.required(element, "Key"));
    FILESTORE_TRY_ASSIGN(version.version_id, required_text(element, "VersionId"));
    FILESTORE_TRY_ASSIGN(version.is_latest, required_boolean(element, "IsLatest"));
    FILESTORE_TRY_ASSIGN(version.last_modified, required_time(element, "LastModified"));
    if (!is_marker) {
        FILESTORE_TRY_ASSIGN(version.size, required_number(element, "Size"));
        version.etag = etag_of(element);
        version.storage_class = optional_text(element, "StorageClass");
    }
    return version;
}

Result<void> read_next_version(VersionListing& listing, pugi::xml_node root, const KeyReader& keys) {
    if (!listing.truncated) {
        return {};
    }
    const std::string_view last =
        listing.versions.empty() ? std::string_view() : std::string_view(listing.versions.back().key);
    FILESTORE_TRY_ASSIGN(listing.next_key_marker, marker_of(root, "NextKeyMarker", keys, last));
    listing.next_version_id_marker = optional_text(root, "NextVersionIdMarker");
    if (listing.next_key_marker.empty() && !listing.versions.empty()) {
        listing.next_key_marker = listing.versions.back().key;
        listing.next_version_id_marker = listing.versions.back().version_id;
    }
    return listing.next_key_marker.empty() ? Result<void>(no_way_on()) : Result<void>();
}

}  // namespace

Result<ObjectListing> parse_listing(std::string_view xml, ListVersion version) {
    pugi::xml_document document;
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root, load_answer(document, xml, "ListBucketResult"));
    const KeyReader keys(root);
    ObjectListing listing;
    FILESTORE_TRY_ASSIGN(listing.truncated, required_boolean(root, "IsTruncated"));
    for (const pugi::xml_node contents : root.children("Contents")) {
        FILESTORE_TRY_ASSIGN(ListedObject object, read_object(contents, keys));
        listing.objects.push_back(std::move(object));
    }
    FILESTORE_TRY_ASSIGN(listing.common_prefixes, keys.common_prefixes(root));
    FILESTORE_TRY(version == ListVersion::v1 ? read_next_marker(listing, root, keys)
                                             : read_next_token(listing, root));
    return listing;
}

Result<bool> parse_versioning(std::string_view xml) {
    pugi::xml_document document;
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root, load_answer(document, xml, "VersioningConfiguration",
                                                                "GetBucketVersioningResponse"));
    return !optional_text(root, "Status").empty();
}

Result<VersionListing> parse_version_listing(std::string_view xml) {
    pugi::xml_document document;
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root, load_answer(document, xml, "ListVersionsResult"));
    const KeyReader keys(root);
    VersionListing listing;
    FILESTORE_TRY_ASSIGN(listing.truncated, required_boolean(root, "IsTruncated"));
    for (const pugi::xml_node element : root.children()) {
        const std::string_view name = element.name();
        if (name == "Version" || name == "DeleteMarker") {
            FILESTORE_TRY_ASSIGN(ListedVersion version, read_version(element, keys, name == "DeleteMarker"));
            listing.versions.push_back(std::move(version));
        }
    }
    FILESTORE_TRY_ASSIGN(listing.common_prefixes, keys.common_prefixes(root));
    FILESTORE_TRY(read_next_version(listing, root, keys));
    return listing;
}

Result<void> PageGuard::accept(std::string_view next, bool empty) {
    constexpr unsigned most_empty_pages = 1000;
    if (next.empty()) {
        return no_way_on();
    }
    if (next == previous_) {
        return corrupt_listing(
            "the server's listing goes round in a circle: two pages name the same next one");
    }
    empty_pages_ = empty ? empty_pages_ + 1 : 0;
    if (empty_pages_ >= most_empty_pages) {
        return corrupt_listing("the server's listing has 1,000 empty pages in a row");
    }
    previous_ = next;
    return {};
}

}  // namespace filestore::s3
