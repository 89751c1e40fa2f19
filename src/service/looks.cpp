#include "service/looks.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/bare_files.h"
#include "core/remove_one_by_one.h"
#include "core/stream_calls.h"

namespace filestore {
namespace {

constexpr std::size_t most_at_a_time = 16;

/// A resource held by std::shared_ptr, by the looks under way.
class Looks : public std::enable_shared_from_this<Looks> {
public:
    Looks(std::shared_ptr<StorageBackend> backend, const CallOptions& limits, std::vector<FileId> ids,
          TakeLook take, EndLooks end, WithoutMetadata without)
        : backend_(std::move(backend)),
          bare_files_(dynamic_cast<BareFiles*>(backend_.get())),
          without_(without),
          limits_(limits),
          ids_(std::move(ids)),
          take_(std::move(take)),
          end_(std::move(end)) {}

    void start() noexcept {
        // One for this function: the looks must not end while they are being begun.
        under_way_ = 1;
        for (std::size_t i = 0; i < most_at_a_time; ++i) {
            begin_next();
        }
        release();
    }

private:
    void begin_next() noexcept {
        std::size_t place = 0;
        {
            const std::lock_guard lock(mutex_);
            if (next_ == ids_.size() || failure_) {
                return;
            }
            place = next_++;
            ++under_way_;
        }
        const auto begun = call_user(ErrorCode::internal, [&]() -> Result<void> {
            backend_->metadata_async({ids_[place], limits_},
                                     [self = shared_from_this(), place](Result<FileInfo> info) {
                                         self->look_for_bytes(place, std::move(info));
                                     });
            return {};
        });
        if (!begun.ok()) {
            end_with(begun.error());
            release();
        }
    }

    /// A file without metadata is not found by that, and may be there.
    void look_for_bytes(std::size_t place, Result<FileInfo> info) noexcept {
        if (info.ok() || info.error().code() != ErrorCode::not_found) {
            return answered(place, std::move(info));
        }
        if (bare_files_ != nullptr) {
            auto bare = call_user(ErrorCode::internal, [&] { return bare_files_->bare_info(ids_[place]); });
            const bool is_damaged = bare.ok() && without_ == WithoutMetadata::is_damaged;
            return answered(place, is_damaged ? Result<FileInfo>(lacks_metadata(place)) : std::move(bare));
        }
        const auto begun = call_user(ErrorCode::internal, [&]() -> Result<void> {
            backend_->exists_async(
                {ids_[place], limits_}, [self = shared_from_this(), place, info](const Result<bool>& exists) {
                    self->answered(place, !exists.ok() ? Result<FileInfo>(exists.error())
                                          : *exists    ? Result<FileInfo>(self->lacks_metadata(place))
                                                       : info);
                });
            return {};
        });
        if (!begun.ok()) {
            answered(place, begun.error());
        }
    }

    [[nodiscard]] Error lacks_metadata(std::size_t place) const {
        return {ErrorCode::corrupt, "the store has file " + ids_[place].str() +
                                        " and no metadata of it: bring that back, or delete the file"};
    }

    void answered(std::size_t place, Result<FileInfo> info) noexcept {
        if (!info.ok() && ends_the_rest(info.error())) {
            end_with(info.error());
        }
        const auto taken = call_user(ErrorCode::internal, [&]() -> Result<void> {
            take_(place, std::move(info));
            return {};
        });
        if (!taken.ok()) {
            end_with(taken.error());
        }
        begin_next();
        release();
    }

    void end_with(const Error& failure) noexcept {
        const std::lock_guard lock(mutex_);
        failure_ = failure;
    }

    void release() noexcept {
        {
            const std::lock_guard lock(mutex_);
            if (--under_way_ > 0) {
                return;
            }
        }
        end_(failure_ ? Result<void>(*failure_) : Result<void>());
    }

    const std::shared_ptr<StorageBackend> backend_;
    BareFiles* const bare_files_;
    const WithoutMetadata without_;
    const CallOptions limits_;
    const std::vector<FileId> ids_;
    const TakeLook take_;
    const EndLooks end_;
    std::mutex mutex_;
    std::size_t next_ = 0;
    std::size_t under_way_ = 0;
    std::optional<Error> failure_;
};

}  // namespace

void look_at_files(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> ids,
                   TakeLook take, EndLooks end, WithoutMetadata without) {
    std::make_shared<Looks>(parts.backend, limits, std::move(ids), std::move(take), std::move(end), without)
        ->start();
}

}  // namespace filestore
