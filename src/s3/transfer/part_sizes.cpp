#include "s3/transfer/part_sizes.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/part_plan.h"

namespace filestore::s3 {

namespace {

Result<std::uint64_t> part_size_in(const Answer& answer, const ObjectPin& pin, std::uint32_t count) {
    const bool is_of_object = unquoted_etag(answer.header("etag")) == pin.etag &&
                              answer.header("x-amz-mp-parts-count") == std::to_string(count);
    if (!is_of_object) {
        return Error(ErrorCode::unsupported, "the server does not tell the parts of the object");
    }
    return content_length(answer.headers);
}

/// A resource held by std::shared_ptr; its steps never overlap.
class Comparison final : public std::enable_shared_from_this<Comparison> {
public:
    Comparison(std::shared_ptr<Requester> requester, std::shared_ptr<const ObjectDownload> download,
               ObjectPin pin, std::vector<std::uint64_t> sizes, std::function<void(Result<bool>)> done)
        : requester_(std::move(requester)),
          download_(std::move(download)),
          pin_(std::move(pin)),
          sizes_(std::move(sizes)),
          done_(std::move(done)) {}

    void ask() {
        ask_part_size(
            requester_, *download_, pin_, number_, static_cast<std::uint32_t>(sizes_.size()),
            [self = shared_from_this()](const Result<std::uint64_t>& size) { self->on_size(size); });
    }

private:
    void on_size(const Result<std::uint64_t>& size) {
        const bool is_it = size.ok() && *size == sizes_[number_ - 1];
        if (!is_it || number_ == sizes_.size()) {
            return finish(size.ok() ? Result<bool>(is_it) : Result<bool>(size.error()));
        }
        ++number_;
        const auto asked = call_user(ErrorCode::internal, [this]() -> Result<void> {
            ask();
            return {};
        });
        if (!asked.ok()) {
            finish(asked.error());
        }
    }

    void finish(Result<bool> result) {
        const auto done = std::exchange(done_, nullptr);
        done(std::move(result));
    }

    const std::shared_ptr<Requester> requester_;
    const std::shared_ptr<const ObjectDownload> download_;
    const ObjectPin pin_;
    const std::vector<std::uint64_t> sizes_;
    std::function<void(Result<bool>)> done_;
    std::uint32_t number_ = 2;
};

}  // namespace

std::optional<std::vector<std::uint64_t>> equal_parts(std::uint64_t object_size, std::uint64_t size,
                                                      std::uint32_t count) {
    const bool fits = count > 0 && count <= most_parts && size > 0 && size <= object_size &&
                      (object_size - 1) / size == count - 1;
    if (!fits) {
        return std::nullopt;
    }
    std::vector<std::uint64_t> sizes(count, size);
    sizes.back() = object_size - (count - 1) * size;
    return sizes;
}

void ask_part_size(const std::shared_ptr<Requester>& requester, const ObjectDownload& download,
                   const ObjectPin& pin, std::uint32_t number, std::uint32_t count,
                   std::function<void(Result<std::uint64_t>)> done) {
    Call call;
    call.method = http::Method::head;
    call.bucket = download.bucket;
    call.key = download.key;
    call.query = {{"partNumber", std::to_string(number)}};
    if (!download.version_id.empty()) {
        call.query.push_back({"versionId", download.version_id});
    }
    // The caller's conditions have been met.
    std::copy_if(download.headers.begin(), download.headers.end(), std::back_inserter(call.headers),
                 [](const NameValue& header) { return header.name.starts_with("x-amz-"); });
    call.options.cancel = download.options.cancel;
    call.options.deadline = download.options.deadline;
    call.options.pause = download.options.pause;
    requester->send(std::move(call), [pin, count, done = std::move(done)](const Outcome& outcome) {
        done(outcome.answer.ok() ? part_size_in(*outcome.answer, pin, count)
                                 : Result<std::uint64_t>(outcome.answer.error()));
    });
}

void compare_part_sizes(const std::shared_ptr<Requester>& requester,
                        std::shared_ptr<const ObjectDownload> download, ObjectPin pin,
                        std::vector<std::uint64_t> sizes, std::function<void(Result<bool>)> done) {
    std::make_shared<Comparison>(requester, std::move(download), std::move(pin), std::move(sizes),
                                 std::move(done))
        ->ask();
}

}  // namespace filestore::s3
