#include "s3/resumable/upload_place.h"

#include <algorithm>
#include <utility>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"
#include "s3/protocol/etag.h"

namespace filestore::s3 {

namespace {

/// More than a record can have.
constexpr std::size_t most_of_a_head = std::size_t{256} * 1024;
/// Whoever makes a file says so, and is taken for dead after this.
constexpr std::chrono::minutes longest_finish{5};
constexpr std::uint64_t bulk_threshold = std::uint64_t{64} * 1024;

/// A text, and the first bytes of another source. Rewinds.
class HeadedSource final : public Source {
public:
    HeadedSource(std::string head, std::shared_ptr<Source> rest, std::uint64_t rest_size)
        : head_(std::move(head)), rest_(std::move(rest)), rest_size_(rest_size) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override {
        return head_.size() + rest_size_;
    }
    [[nodiscard]] bool can_rewind() const noexcept override { return true; }
    [[nodiscard]] bool blocking() const noexcept override { return false; }

    [[nodiscard]] Result<void> rewind() override {
        given_ = 0;
        return rest_ ? rest_->rewind() : Result<void>();
    }

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        if (given_ < head_.size()) {
            const std::size_t count = std::min<std::size_t>(into.size(), head_.size() - given_);
            std::copy_n(reinterpret_cast<const std::byte*>(head_.data()) + given_, count, into.begin());
            given_ += count;
            return IoStep{count, false};
        }
        const std::uint64_t left = head_.size() + rest_size_ - given_;
        if (left == 0) {
            return IoStep{0, false};
        }
        FILESTORE_TRY_ASSIGN(
            const IoStep step,
            rest_->read(into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left))),
                        wake));
        given_ += step.bytes;
        return step;
    }

private:
    const std::string head_;
    const std::shared_ptr<Source> rest_;
    const std::uint64_t rest_size_;
    std::uint64_t given_ = 0;
};

/// Both hashes of a body; the longer one only where it is signed.
struct BodyHashes {
    Md5 md5{};
    Sha256 sha256{};
    bool is_signed = false;

    void add(std::span<const std::byte> bytes) {
        md5.update(bytes);
        if (is_signed) {
            sha256.update(bytes);
        }
    }

    void describe(Call& call) {
        const Md5::Bytes sum = md5.finish();
        call.headers.push_back(
            {"content-md5", to_base64({reinterpret_cast<const char*>(sum.data()), sum.size()})});
        call.payload_hash = is_signed ? to_hex(sha256.finish()) : std::string(unsigned_payload);
    }
};

/// The first `most` bytes of a buffer.
Result<void> add_first(BodyHashes& hashes, const PartBuffer& buffer, std::uint64_t most) {
    return buffer.read([&](std::span<const std::byte> bytes) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(most, bytes.size()));
        hashes.add(bytes.first(count));
        most -= count;
    });
}

Call call_on(const UploadPlace& place, http::Method method, const std::string& key,
             const CallOptions& options) {
    Call call = object_call(place.bucket, key, {}, options);
    call.method = method;
    call.headers = place.access_headers;
    return call;
}

}  // namespace

Call read_call(const UploadPlace& place, const FileId& id, StateExtent extent, const CallOptions& options,
               const std::shared_ptr<std::string>& body) {
    Call call = call_on(place, http::Method::get, place.state_key(id), options);
    if (extent == StateExtent::head) {
        call.headers.push_back({"range", "bytes=0-" + std::to_string(most_of_a_head - 1)});
    }
    call.on_head = [](const Answer&) { return Result<void>(); };
    call.on_body = [body](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        body->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return IoStep{bytes.size(), false};
    };
    call.resume = [body](Call&) -> Result<void> {
        body->clear();
        return {};
    };
    return call;
}

Call read_rest_call(const UploadPlace& place, const FileId& id, std::uint64_t from,
                    const CallOptions& options, const std::shared_ptr<PartBuffer>& into) {
    Call call = call_on(place, http::Method::get, place.state_key(id), options);
    const auto range_from = [](std::uint64_t first) {
        return NameValue{"range", "bytes=" + std::to_string(first) + "-"};
    };
    const std::size_t range = call.headers.size();
    const std::uint64_t before = into->size();
    call.headers.push_back(range_from(from));
    call.on_head = [](const Answer& head) {
        return head.status == 206 ? Result<void>()
                                  : Error(ErrorCode::corrupt, "the server gave more than was asked for");
    };
    call.on_body = [into](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        FILESTORE_TRY(fill(*into, bytes));
        return IoStep{bytes.size(), false};
    };
    call.resume = [into, from, before, range, range_from](Call& again) -> Result<void> {
        again.headers[range] = range_from(from + into->size() - before);
        return {};
    };
    return call;
}

Result<StoredState> read_answer(const FileId& id, const Outcome& outcome, StateExtent extent,
                                std::string body) {
    if (!outcome.answer.ok() && outcome.answer.error().code() == ErrorCode::not_found &&
        outcome.answer.error().details().server_code != "NoSuchBucket") {
        return no_such_upload(id);
    }
    FILESTORE_TRY(outcome.answer);
    FILESTORE_TRY_ASSIGN(ReadState read, parse_state(id, body));
    StoredState stored;
    stored.etag = unquoted_etag(outcome.answer->header("etag"));
    stored.head_size = read.head;
    body.erase(0, read.head);
    stored.rest = std::move(body);
    if (stored.rest.size() > read.state.rest ||
        (extent == StateExtent::all && stored.rest.size() != read.state.rest)) {
        return Error(ErrorCode::corrupt, "the record of upload " + id.str() + " is not as long as it says");
    }
    stored.state = std::move(read.state);
    return stored;
}

bool is_over(const UploadState& state, Timestamp now) noexcept {
    return state.last_byte + state.record.lifetime <= now;
}

Result<void> check_open(const UploadState& state, Timestamp now) {
    if (state.ended) {
        return no_such_upload(state.record.id);
    }
    return is_over(state, now) ? upload_expired(state.record.id) : Result<void>();
}

bool is_finishing(const UploadState& state, Timestamp now) noexcept {
    return state.finishing && now < *state.finishing + longest_finish;
}

PartialUpload told_of(const UploadState& state) {
    return partial_upload_of(state.record, state.offset(), state.last_byte);
}

Result<Call> write_call(const UploadPlace& place, const UploadState& state, const std::string& etag,
                        const std::shared_ptr<const PartBuffer>& rest, const CallOptions& options) {
    Call call = call_on(place, http::Method::put, place.state_key(state.record.id), options);
    call.headers = place.state_headers;
    if (!etag.empty() && place.core->quirks().put_if_match) {
        S3Conditions conditions;
        conditions.if_match = etag;
        FILESTORE_TRY_ASSIGN(auto headers, condition_headers(conditions));
        append(call.headers, std::move(headers));
    }
    std::string head = format_state(state);
    BodyHashes hashes;
    hashes.is_signed = place.core->requester()->signs_payload();
    hashes.add(std::as_bytes(std::span(head)));
    if (rest) {
        FILESTORE_TRY(add_first(hashes, *rest, state.rest));
    }
    hashes.describe(call);
    call.body_size = head.size() + state.rest;
    call.bulk = call.body_size > bulk_threshold;
    // Another writer's conflict is for the caller to wait out.
    call.conflict_is_final = true;
    call.body = std::make_shared<HeadedSource>(
        std::move(head), rest ? rest->source(place.core->requester()->runtime().executor) : nullptr,
        state.rest);
    return call;
}

bool has_lost(const Error& error) noexcept {
    return error.code() == ErrorCode::precondition_failed || error.code() == ErrorCode::conflict ||
           (error.code() == ErrorCode::not_found && error.details().server_code != "NoSuchBucket");
}

Call look_call(const UploadPlace& place, const FileId& id, const CallOptions& options) {
    return call_on(place, http::Method::head, place.object_key(id), options);
}

Call remove_state_call(const UploadPlace& place, const FileId& id, const CallOptions& options) {
    return call_on(place, http::Method::remove, place.state_key(id), options);
}

Call abort_call(const UploadPlace& place, const FileId& id, const std::string& upload_id,
                const CallOptions& options) {
    Call call = call_on(place, http::Method::remove, place.object_key(id), options);
    call.query = {{"uploadId", upload_id}};
    return call;
}

Result<Call> part_call(const UploadPlace& place, const UploadState& state, std::uint32_t number,
                       const std::shared_ptr<const PartBuffer>& bytes, const CallOptions& options) {
    Call call = call_on(place, http::Method::put, place.object_key(state.record.id), options);
    call.query = {{"partNumber", std::to_string(number)}, {"uploadId", state.upload_id}};
    BodyHashes hashes;
    hashes.is_signed = place.core->requester()->signs_payload();
    FILESTORE_TRY(add_first(hashes, *bytes, bytes->size()));
    hashes.describe(call);
    call.body_size = bytes->size();
    call.bulk = call.body_size > bulk_threshold;
    call.body = bytes->source(place.core->requester()->runtime().executor);
    return call;
}

}  // namespace filestore::s3
