#pragma once

/// Pages of listings (S3 API reference, "ListObjectsV2", "ListObjects", "ListObjectVersions"). Pure functions. Each reader answers `corrupt` for
/// anything but its whole document. Keys, prefixes and key markers are decoded when the answer says `<EncodingType>url</EncodingType>`, a blank being
/// `+` as in HTML forms; tokens and version ids are taken as they are. ETags are kept without quotes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore::s3 {

/// A value.
struct ListedObject {
    std::string key;
    std::uint64_t size = 0;
    Timestamp last_modified{};
    /// Empty where the server sends none.
    std::string etag;
    std::string storage_class;
};

/// A value.
struct ObjectListing {
    std::vector<ListedObject> objects;
    /// What the delimiter grouped.
    std::vector<std::string> common_prefixes;
    bool truncated = false;
    /// Version 2; empty where the server sends none.
    std::string next_continuation_token;
    /// Version 1: for `marker` of the next page. Set whenever the page is truncated: the server's NextMarker or, as it sends one with a delimiter
    /// only, the last key or common prefix of the page.
    std::string next_marker;
};

/// A value.
enum class ListVersion { v1, v2 };

/// ListBucketResult. `corrupt` also for a truncated listing that does not tell where to go on.
[[nodiscard]] Result<ObjectListing> parse_listing(std::string_view xml,
                                                  ListVersion version = ListVersion::v2);

/// A version of an object, or a marker that hides it. A value.
struct ListedVersion {
    std::string key;
    /// "null" for what was stored before versioning.
    std::string version_id;
    bool is_latest = false;
    bool is_delete_marker = false;
    /// 0 for a delete marker.
    std::uint64_t size = 0;
    Timestamp last_modified{};
    std::string etag;
    std::string storage_class;
};

/// A value.
struct VersionListing {
    /// Versions and markers in the order of the document.
    std::vector<ListedVersion> versions;
    std::vector<std::string> common_prefixes;
    bool truncated = false;
    /// For `key-marker` and `version-id-marker` of the next page; those of the last version where the server names none.
    std::string next_key_marker;
    std::string next_version_id_marker;
};

/// ListVersionsResult.
[[nodiscard]] Result<VersionListing> parse_version_listing(std::string_view xml);

/// VersioningConfiguration, which moto calls GetBucketVersioningResponse: whether the bucket keeps versions, or once did.
[[nodiscard]] Result<bool> parse_versioning(std::string_view xml);

/// Sees that a listing moves on. A value; one for each listing, one thread at a time.
class PageGuard {
public:
    /// To be called with each truncated page: where it says to go on (token or markers), and whether it held anything. `corrupt` for a place that
    /// is none or that the page before named already, and for the 1,000th empty page in a row: such a server would be asked for ever.
    [[nodiscard]] Result<void> accept(std::string_view next, bool empty);

private:
    std::string previous_;
    unsigned empty_pages_ = 0;
};

}  // namespace filestore::s3
