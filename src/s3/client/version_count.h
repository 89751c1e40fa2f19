#pragma once

/// What a bucket keeps of older versions.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/backend.h"
#include "s3/client/version_removal.h"

namespace filestore::s3 {

/// Counts versions as a listing gives them: those of one key behind one another. A value.
class VersionCounter {
public:
    /// One that comes again at once, as some servers have it at the beginning of a page, counts once.
    void add(const S3VersionEntry& version);

    /// Of all that were added.
    [[nodiscard]] KeptVersions total() const;

private:
    KeptVersions counted_;
    std::string key_;
    std::string version_id_;
    /// Of that key.
    std::uint64_t markers_ = 0;
    bool has_bytes_ = false;
    bool is_removed_ = false;
    /// Bytes of the version that is said to be the newest: moto 5 says so of one that a marker hides, too.
    std::optional<std::uint64_t> newest_;
};

/// Those of the keys below `prefix` that are accepted.
void count_versions(ClientCore& core, BucketCall call, std::string prefix,
                    std::function<bool(std::string_view key)> accepts, Completion<KeptVersions> done);

}  // namespace filestore::s3
