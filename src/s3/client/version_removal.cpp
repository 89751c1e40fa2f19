#include "s3/client/version_removal.h"

#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "core/try.h"
#include "s3/client/batch_removal.h"
#include "s3/client/listing.h"
#include "s3/client/objects.h"
#include "s3/protocol/listing_xml.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {
namespace {

constexpr std::size_t most_listings_at_a_time = 8;

/// A resource held by std::shared_ptr, by the calls under way.
class Purge : public std::enable_shared_from_this<Purge> {
public:
    Purge(ClientCore& core, BucketCall call, std::vector<std::string> keys,
          Completion<std::vector<bool>> done)
        : core_(core.shared_from_this()),
          call_(std::move(call)),
          keys_(std::move(keys)),
          done_(std::move(done)),
          purged_(keys_.size(), true) {}

    void start() noexcept {
        // One for this function: the listings must not end while they are being begun.
        under_way_ = 1;
        for (std::size_t i = 0; i < most_listings_at_a_time; ++i) {
            list_next();
        }
        release();
    }

private:
    void list_next() noexcept {
        std::size_t place = 0;
        {
            const std::lock_guard lock(mutex_);
            if (next_ == keys_.size()) {
                return;
            }
            place = next_++;
            ++under_way_;
        }
        list(place, {});
    }

    void list(std::size_t place, std::string cursor) noexcept {
        try {
            S3ListRequest page;
            page.bucket = call_.bucket;
            page.prefix = keys_[place];
            page.cursor = std::move(cursor);
            page.requester_pays = call_.requester_pays;
            page.call = call_.options;
            list_versions(*core_, std::move(page),
                          [self = shared_from_this(), place](Result<S3VersionPage> listed) {
                              self->take(place, std::move(listed));
                          });
        } catch (const std::bad_alloc&) {
            end_listing(place, false);
        }
    }

    void take(std::size_t place, Result<S3VersionPage> page) noexcept {
        if (!page.ok() || !note(place, *page)) {
            return end_listing(place, false);
        }
        if (page->next) {
            return list(place, std::move(*page->next));
        }
        end_listing(place, true);
    }

    /// Other keys may begin with this one. False without memory.
    bool note(std::size_t place, const S3VersionPage& page) noexcept {
        try {
            const std::lock_guard lock(mutex_);
            for (const S3VersionEntry& version : page.versions) {
                if (version.key == keys_[place]) {
                    places_.push_back(place);
                    versions_.push_back({version.key, version.version_id});
                }
            }
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }

    void end_listing(std::size_t place, bool is_whole) noexcept {
        {
            const std::lock_guard lock(mutex_);
            purged_[place] = purged_[place] && is_whole;
        }
        list_next();
        release();
    }

    void release() noexcept {
        {
            const std::lock_guard lock(mutex_);
            if (--under_way_ > 0) {
                return;
            }
        }
        try {
            remove();
        } catch (const std::bad_alloc&) {
            done_(Error(ErrorCode::no_memory));
        }
    }

    void remove() {
        S3RemoveBatchRequest batch;
        batch.bucket = call_.bucket;
        // places_ is in step with these.
        batch.objects = versions_;
        batch.requester_pays = call_.requester_pays;
        batch.call = call_.options;
        if (batch.objects.empty()) {
            return done_(purged_);
        }
        remove_batch(*core_, std::move(batch),
                     [self = shared_from_this()](const Result<std::vector<S3RemoveBatchEntry>>& entries) {
                         for (std::size_t i = 0; i < self->places_.size(); ++i) {
                             const bool removed = entries.ok() && (*entries)[i].result.ok();
                             self->purged_[self->places_[i]] = self->purged_[self->places_[i]] && removed;
                         }
                         self->done_(std::move(self->purged_));
                     });
    }

    const std::shared_ptr<ClientCore> core_;
    const BucketCall call_;
    const std::vector<std::string> keys_;
    const Completion<std::vector<bool>> done_;
    std::mutex mutex_;
    std::size_t next_ = 0;
    std::size_t under_way_ = 0;
    std::vector<S3ObjectName> versions_;
    /// Of the keys that the versions are of.
    std::vector<std::size_t> places_;
    std::vector<bool> purged_;
};

}  // namespace

void keeps_versions(ClientCore& core, BucketCall call, Completion<bool> done) {
    core.start<bool>(call.options, std::move(done), [&](const OperationPtr<bool>& operation) -> Result<void> {
        Call ask = object_call(call.bucket, {}, {}, call.options);
        ask.query.push_back({"versioning", ""});
        if (call.requester_pays) {
            ask.headers.push_back(requester_pays_header());
        }
        core.send(operation, std::move(ask), [operation](const Result<Answer>& answer) -> Result<void> {
            FILESTORE_TRY(answer);
            FILESTORE_TRY_ASSIGN(const bool keeps, parse_versioning(answer->body));
            operation->finish(keeps);
            return {};
        });
        return {};
    });
}

void purge_versions(ClientCore& core, BucketCall call, std::vector<std::string> keys,
                    Completion<std::vector<bool>> done) {
    std::make_shared<Purge>(core, std::move(call), std::move(keys), std::move(done))->start();
}

}  // namespace filestore::s3
