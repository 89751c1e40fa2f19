#include "s3/resumable/arrived_parts.h"

#include <algorithm>
#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/protocol/etag.h"

namespace filestore::s3 {

namespace {

/// Bytes that are too few for a part.
Result<std::shared_ptr<MemoryPart>> part_of(const std::string& bytes) {
    auto part = std::make_shared<MemoryPart>(bytes.size());
    std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), part->room().begin());
    FILESTORE_TRY(part->added(bytes.size()));
    return part;
}

class ClaimJob final : public RequestChain {
public:
    ClaimJob(std::shared_ptr<ArrivedParts> arrived, const CallOptions& options,
             std::function<void(Result<void>)> done)
        : RequestChain(arrived->place().core, options, options.cancel),
          arrived_(std::move(arrived)),
          done_(std::move(done)) {}

private:
    Result<bool> work() override {
        if (is_written_) {
            return true;
        }
        FILESTORE_TRY_ASSIGN(const FileId random, FileId::generate());
        UploadState state = arrived_->stored().state;
        state.written_by = random.str();
        state.finishing = arrived_->place().now();
        std::shared_ptr<MemoryPart> rest;
        if (state.rest > 0) {
            FILESTORE_TRY_ASSIGN(rest, part_of(arrived_->stored().rest));
        }
        FILESTORE_TRY_ASSIGN(Call call,
                             write_call(arrived_->place(), state, arrived_->stored().etag, rest, limits()));
        send(std::move(call), [this, written_by = state.written_by](const Outcome& outcome) {
            return take(outcome, written_by);
        });
        return false;
    }

    Result<void> take(const Outcome& outcome, const std::string& written_by) {
        const FileId& id = arrived_->stored().state.record.id;
        is_written_ = true;
        if (outcome.answer.ok()) {
            return {};
        }
        const Error& error = outcome.answer.error();
        if (!has_lost(error)) {
            return error;
        }
        auto body = std::make_shared<std::string>();
        send(read_call(arrived_->place(), id, StateExtent::head, limits(), body),
             [id, body, written_by](const Outcome& found) -> Result<void> {
                 FILESTORE_TRY_ASSIGN(const StoredState now,
                                      read_answer(id, found, StateExtent::head, std::move(*body)));
                 if (now.state.ended) {
                     return no_such_upload(id);
                 }
                 // The first attempt may have done it, and its answer was lost.
                 return now.state.written_by == written_by ? Result<void>() : upload_in_use(id);
             });
        return {};
    }

    void finish(const Result<void>& result) noexcept override {
        done_(call_user(ErrorCode::internal, [&] { return result; }));
    }

    const std::shared_ptr<ArrivedParts> arrived_;
    const std::function<void(Result<void>)> done_;
    bool is_written_ = false;
};

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
        FILESTORE_TRY_ASSIGN(rest_, part_of(bytes));
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

void claim_upload(std::shared_ptr<ArrivedParts> arrived, const CallOptions& options,
                  std::function<void(Result<void>)> done) {
    if (!arrived->place().core->quirks().put_if_match) {
        return done({});
    }
    make_job<ClaimJob>(std::move(arrived), options, std::move(done))->start();
}

void complete_upload(std::shared_ptr<ArrivedParts> arrived, UploadTarget target,
                     std::function<void(Result<S3PutResult>)> done) {
    make_job<CompleteJob>(std::move(arrived), std::move(target), std::move(done))->start();
}

}  // namespace filestore::s3
