#include "s3/client/version_count.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "core/upload_record.h"
#include "s3/client/listing.h"

namespace filestore::s3 {
namespace {

/// One page after the other. A resource held by std::shared_ptr, by the call under way.
class VersionCount : public std::enable_shared_from_this<VersionCount> {
public:
    VersionCount(ClientCore& core, S3ListRequest request, std::function<bool(std::string_view)> accepts,
                 Completion<KeptVersions> done)
        : core_(core.shared_from_this()),
          request_(std::move(request)),
          accepts_(std::move(accepts)),
          done_(std::move(done)) {}

    void list() {
        list_versions(*core_, request_, [self = shared_from_this()](Result<S3VersionPage> page) {
            or_no_memory(self->done_, [&] { self->take(std::move(page)); });
        });
    }

private:
    void take(Result<S3VersionPage> page) {
        if (!page.ok()) {
            return done_(page.error());
        }
        // moto 5 tells all markers behind all versions.
        std::stable_sort(page->versions.begin(), page->versions.end(),
                         [](const S3VersionEntry& a, const S3VersionEntry& b) { return a.key < b.key; });
        for (const S3VersionEntry& version : page->versions) {
            if (accepts_(version.key)) {
                counter_.add(version);
            }
        }
        if (!page->next) {
            return done_(counter_.total());
        }
        request_.cursor = std::move(*page->next);
        list();
    }

    const std::shared_ptr<ClientCore> core_;
    S3ListRequest request_;
    const std::function<bool(std::string_view)> accepts_;
    const Completion<KeptVersions> done_;
    VersionCounter counter_;
};

}  // namespace

void VersionCounter::add(const S3VersionEntry& version) {
    const bool is_same_key = version.key == key_;
    if (is_same_key && version.version_id == version_id_) {
        return;
    }
    if (!is_same_key) {
        counted_ = total();
        key_ = version.key;
        markers_ = 0;
        has_bytes_ = false;
        is_removed_ = false;
        newest_.reset();
    }
    version_id_ = version.version_id;
    if (version.delete_marker) {
        markers_ += 1;
        is_removed_ = is_removed_ || version.latest;
        return;
    }
    has_bytes_ = true;
    if (version.latest) {
        newest_ = version.size;
    } else {
        counted_.versions += 1;
        counted_.bytes += version.size;
    }
}

KeptVersions VersionCounter::total() const {
    KeptVersions total = counted_;
    total.orphan_markers += has_bytes_ ? 0 : markers_;
    if (is_removed_ && newest_) {
        total.versions += 1;
        total.bytes += *newest_;
    }
    return total;
}

void count_versions(ClientCore& core, BucketCall call, std::string prefix,
                    std::function<bool(std::string_view key)> accepts, Completion<KeptVersions> done) {
    S3ListRequest request;
    request.bucket = std::move(call.bucket);
    request.prefix = std::move(prefix);
    request.requester_pays = call.requester_pays;
    request.call = std::move(call.options);
    std::make_shared<VersionCount>(core, std::move(request), std::move(accepts), std::move(done))->list();
}

}  // namespace filestore::s3
