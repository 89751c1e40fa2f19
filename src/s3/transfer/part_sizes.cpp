#include "s3/transfer/part_sizes.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/protocol/object_attributes_xml.h"

namespace filestore::s3 {

namespace {

/// A resource held by std::shared_ptr; its steps never overlap.
class PartSizesQuery final : public std::enable_shared_from_this<PartSizesQuery> {
public:
    PartSizesQuery(std::shared_ptr<Requester> requester, std::shared_ptr<const ObjectDownload> download,
                   ObjectPin pin, std::uint32_t count, std::function<void(std::vector<std::uint64_t>)> done)
        : requester_(std::move(requester)),
          download_(std::move(download)),
          pin_(std::move(pin)),
          count_(count),
          done_(std::move(done)) {}

    void ask() {
        Call call;
        call.bucket = download_->bucket;
        call.key = download_->key;
        call.query = {{"attributes", ""}};
        if (!download_->version_id.empty()) {
            call.query.push_back({"versionId", download_->version_id});
        }
        // Conditions are not for this request.
        std::copy_if(download_->headers.begin(), download_->headers.end(), std::back_inserter(call.headers),
                     [](const NameValue& header) { return header.name.starts_with("x-amz-"); });
        call.headers.push_back({"x-amz-object-attributes", "ETag,ObjectParts"});
        if (marker_ > 0) {
            call.headers.push_back({"x-amz-part-number-marker", std::to_string(marker_)});
        }
        call.options.cancel = download_->options.cancel;
        call.options.deadline = download_->options.deadline;
        call.options.pause = download_->options.pause;
        requester_->send(std::move(call),
                         [self = shared_from_this()](const Outcome& outcome) { self->on_answer(outcome); });
    }

private:
    void on_answer(const Outcome& outcome) {
        const auto more = call_user(ErrorCode::internal, [&] { return take_page(outcome.answer); });
        if (more.ok() && *more) {
            const auto asked = call_user(ErrorCode::internal, [this]() -> Result<void> {
                ask();
                return {};
            });
            if (asked.ok()) {
                return;
            }
        }
        finish(more.ok() && !*more && is_whole());
    }

    /// Whether there is another page.
    Result<bool> take_page(const Result<Answer>& answer) {
        FILESTORE_TRY(answer);
        FILESTORE_TRY_ASSIGN(const ObjectAttributes page, parse_object_attributes(answer->body));
        for (const AttributePart& part : page.parts) {
            sizes_.push_back(part.size);
        }
        const bool is_of_object = page.etag == pin_.etag && sizes_.size() <= count_;
        const bool goes_on = page.truncated && !page.parts.empty() && page.next_part_marker > marker_;
        if (!is_of_object || page.truncated != goes_on) {
            return Error(ErrorCode::corrupt, "the parts are of another object");
        }
        marker_ = page.next_part_marker;
        return page.truncated;
    }

    [[nodiscard]] bool is_whole() const {
        return sizes_.size() == count_ &&
               std::accumulate(sizes_.begin(), sizes_.end(), std::uint64_t{0}) == pin_.object_size;
    }

    void finish(bool known) {
        if (!known) {
            sizes_.clear();
        }
        const auto done = std::exchange(done_, nullptr);
        done(std::move(sizes_));
    }

    const std::shared_ptr<Requester> requester_;
    const std::shared_ptr<const ObjectDownload> download_;
    const ObjectPin pin_;
    const std::uint32_t count_;
    std::function<void(std::vector<std::uint64_t>)> done_;
    std::vector<std::uint64_t> sizes_;
    std::uint32_t marker_ = 0;
};

}  // namespace

void ask_part_sizes(const std::shared_ptr<Requester>& requester,
                    std::shared_ptr<const ObjectDownload> download, ObjectPin pin, std::uint32_t count,
                    std::function<void(std::vector<std::uint64_t>)> done) {
    std::make_shared<PartSizesQuery>(requester, std::move(download), std::move(pin), count, std::move(done))
        ->ask();
}

}  // namespace filestore::s3
