#include "s3/resumable/arrived_parts.h"

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "s3/protocol/etag.h"

namespace filestore::s3 {

namespace {

class CompleteJob final : public MultipartJob {
public:
    CompleteJob(std::shared_ptr<ArrivedParts> arrived, UploadTarget target,
                std::function<void(Result<S3PutResult>)> done)
        : MultipartJob(arrived->place().core->requester(), std::move(target), std::move(done)),
          arrived_(std::move(arrived)) {}

private:
    [[nodiscard]] const StoredState& stored() const noexcept { return arrived_->stored(); }

    Result<void> advance() override {
        if (!creating()) {
            go_on_with(stored().state.upload_id);
        }
        if (upload_id().empty()) {
            return {};
        }
        if (!has_sent_rest_) {
            has_sent_rest_ = true;
            FILESTORE_TRY(keep_parts());
            FILESTORE_TRY(send_rest());
        }
        return under_way() == 0 ? publish_parts() : Result<void>();
    }

    void on_parts_there(std::vector<ListedPart>&& page) override {
        there_.insert(there_.end(), std::make_move_iterator(page.begin()),
                      std::make_move_iterator(page.end()));
    }

    void release(S3PutResult*) noexcept override { rest_.reset(); }

    /// Those that count; others were sent by appends that lost, or ended before their end.
    Result<void> keep_parts() {
        std::uint64_t bytes = 0;
        auto next = stored().state.parts.begin();
        const auto end = stored().state.parts.end();
        for (ListedPart& part : there_) {
            if (next != end && part.number == *next) {
                bytes += part.size;
                keep_part({part.number, std::move(part.etag), std::nullopt});
                ++next;
            }
        }
        if (next != end || bytes != stored().state.parts_bytes) {
            return Error(ErrorCode::corrupt, "the server has lost parts of upload " +
                                                 stored().state.record.id.str() + ": begin a new one");
        }
        return {};
    }

    Result<void> send_rest() {
        const std::string& bytes = stored().rest;
        if (bytes.empty()) {
            return {};
        }
        rest_ = std::make_shared<MemoryPart>(bytes.size());
        std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), rest_->room().begin());
        FILESTORE_TRY(rest_->added(bytes.size()));
        return send_again(stored().state.next_part, rest_);
    }

    Result<void> send_again(std::uint32_t number, const std::shared_ptr<const PartBuffer>& part) override {
        FILESTORE_TRY_ASSIGN(
            Call made, part_call(arrived_->place(), stored().state, number, part, new_call({}).options));
        send_part(std::move(made), number, part, [number](const Answer& answer) -> Result<UploadedPart> {
            return UploadedPart{number, std::string(unquoted_etag(answer.header("etag"))), std::nullopt};
        });
        return {};
    }

    Result<void> publish_parts() {
        Call call = new_call(http::Method::post);
        call.headers = target().access_headers;
        call.headers.insert(call.headers.end(), target().conditions.begin(), target().conditions.end());
        return publish(std::move(call), stored().state.offset());
    }

    const std::shared_ptr<ArrivedParts> arrived_;
    std::vector<ListedPart> there_;
    std::shared_ptr<MemoryPart> rest_;
    bool has_sent_rest_ = false;
};

}  // namespace

Result<IoStep> ArrivedParts::read(std::span<std::byte> into, const Wake&) {
    const std::string& bytes = readable();
    if (read_ == bytes.size() && has_parts() && !into.empty()) {
        return Error(
            ErrorCode::unsupported,
            "the bytes of an upload that came piece by piece cannot be read here before it is a file");
    }
    const std::size_t count = std::min(into.size(), bytes.size() - read_);
    std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()) + read_, count, into.begin());
    read_ += count;
    return IoStep{count, false};
}

void complete_upload(std::shared_ptr<ArrivedParts> arrived, UploadTarget target,
                     std::function<void(Result<S3PutResult>)> done) {
    make_job<CompleteJob>(std::move(arrived), std::move(target), std::move(done))->start();
}

}  // namespace filestore::s3
