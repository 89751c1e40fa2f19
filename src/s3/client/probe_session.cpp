#include "s3/client/probe_session.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>

#include "core/call_limits.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {

namespace {

constexpr std::chrono::seconds longest_trial{10};
/// The whole clean-up, and what it has left once the call has been cancelled, or is late.
constexpr std::chrono::seconds longest_cleanup{30};
constexpr std::chrono::seconds longest_overrun{2};
constexpr std::size_t most_listed_pages = 20;

/// A trial is no transfer: what does not answer soon counts as not answering.
S3ClientOptions impatient(S3ClientOptions options) {
    options.retry.max_attempts = std::min(options.retry.max_attempts, 3U);
    options.retry.longest_time =
        std::min<std::chrono::milliseconds>(options.retry.longest_time, longest_trial);
    return options;
}

std::shared_ptr<const MemoryPart> buffer_of(std::string_view bytes) {
    auto buffer = std::make_shared<MemoryPart>(bytes.size());
    std::memcpy(buffer->room().data(), bytes.data(), bytes.size());
    static_cast<void>(buffer->added(bytes.size()));
    return buffer;
}

}  // namespace

ProbeSession::ProbeSession(ClientCore& core, const S3ProbeRequest& request, std::string folder)
    : core_(core),
      request_(request),
      folder_(std::move(folder)),
      requester_(core.requester()->with(impatient(core.options()))) {}

Result<void> ProbeSession::check_limits() const {
    return check_call_limits(request_.call.cancel, request_.call.deadline);
}

Call ProbeSession::new_call(http::Method method, std::string_view name) const {
    Call call = object_call(request_.bucket, name.empty() ? std::string() : key(name), {}, request_.call);
    call.options.progress = nullptr;
    call.method = method;
    if (cleanup_until_) {
        call.options.cancel = stop_cleanup_.get_token();
        call.options.pause = nullptr;
        call.options.deadline = cleanup_until_;
    }
    return call;
}

void ProbeSession::set_body(Call& call, Body body) const {
    call.headers.insert(call.headers.end(), body.headers.begin(), body.headers.end());
    if (body.bytes.empty()) {
        return;
    }
    const auto buffer = buffer_of(body.bytes);
    // Of memory; needs no executor.
    call.body = buffer->source(nullptr);
    call.body_size = buffer->size();
    call.payload_hash = unsigned_payload;
    if (requester_->signs_payload()) {
        call.payload_hash = to_hex(sha256(body.bytes));
    }
    // Reading memory cannot fail.
    static_cast<void>(UploadChecksums(body.checksum).add_to_body(call, *buffer, 1));
}

struct ProbeSession::Arrival {
    std::mutex mutex;
    std::condition_variable_any arrived;
    std::optional<Outcome> outcome;
};

Result<Answer> ProbeSession::send(Call call) {
    if (request_.requester_pays) {
        call.headers.push_back(requester_pays_header());
    }
    const auto arrival = std::make_shared<Arrival>();
    requester_->send(std::move(call), [arrival](Outcome outcome) {
        const std::lock_guard lock(arrival->mutex);
        arrival->outcome.emplace(std::move(outcome));
        arrival->arrived.notify_all();
    });
    if (cleanup_until_) {
        limit_cleanup(*arrival);
    }
    std::unique_lock lock(arrival->mutex);
    arrival->arrived.wait(lock, [&] { return arrival->outcome.has_value(); });
    Result<Answer> answer = std::move(arrival->outcome->answer);
    if (answer.ok()) {
        headers_.insert(headers_.end(), answer->headers.begin(), answer->headers.end());
        const std::string_view version = answer->header("x-amz-version-id");
        // Where versions are suspended, they have no names, and removals still leave markers.
        versions_seen_ = versions_seen_ || (!version.empty() && version != "null") ||
                         answer->header("x-amz-delete-marker") == "true";
    }
    return answer;
}

/// Waits for an answer to the clean-up, which has a moment more when the call is cancelled meanwhile, and is broken off then.
void ProbeSession::limit_cleanup(Arrival& arrival) {
    const auto has_arrived = [&] { return arrival.outcome.has_value(); };
    std::unique_lock lock(arrival.mutex);
    if (arrival.arrived.wait(lock, request_.call.cancel, has_arrived)) {
        return;
    }
    cleanup_until_ = std::min(*cleanup_until_, std::chrono::steady_clock::now() + longest_overrun);
    if (!arrival.arrived.wait_until(lock, *cleanup_until_, has_arrived)) {
        lock.unlock();
        stop_cleanup_.request_stop();
    }
}

Result<Answer> ProbeSession::send_making(std::string_view name, Call call) {
    // Before the answer, which may get lost: only a refusal says that nothing was made.
    const auto [object, is_new] = objects_.emplace(name);
    Result<Answer> answer = send(std::move(call));
    const int status = answer.ok() ? 0 : answer.error().details().http_status;
    if (is_new && status >= 300 && status < 500) {
        objects_.erase(object);
    }
    return answer;
}

Result<Answer> ProbeSession::put(std::string_view name, Body body) {
    Call call = new_call(http::Method::put, name);
    call.may_trickle = true;
    set_body(call, std::move(body));
    return send_making(name, std::move(call));
}

Result<Answer> ProbeSession::get(std::string_view name, std::vector<NameValue> headers) {
    Call call = new_call(http::Method::get, name);
    call.headers = std::move(headers);
    return send(std::move(call));
}

Result<Answer> ProbeSession::head(std::string_view name, std::vector<NameValue> headers) {
    Call call = new_call(http::Method::head, name);
    call.headers = std::move(headers);
    return send(std::move(call));
}

Result<Answer> ProbeSession::remove(std::string_view name, std::vector<NameValue> headers) {
    Call call = new_call(http::Method::remove, name);
    call.headers = std::move(headers);
    return send(std::move(call));
}

Result<Answer> ProbeSession::ask(http::Method method, std::string_view name, std::vector<NameValue> query,
                                 std::string body) {
    Call call = new_call(method, name);
    call.query = std::move(query);
    if (!body.empty()) {
        set_text_body(call, std::move(body));
    }
    return send(std::move(call));
}

Result<bool> ProbeSession::holds(std::string_view name, std::string_view bytes) {
    const Result<Answer> answer = get(name);
    if (!answer.ok() && answer.error().code() == ErrorCode::not_found) {
        return false;
    }
    FILESTORE_TRY(answer);
    return answer->body == bytes;
}

Result<bool> ProbeSession::exists(std::string_view name) {
    const Result<Answer> answer = head(name);
    if (!answer.ok() && answer.error().code() != ErrorCode::not_found) {
        return answer.error();
    }
    return answer.ok();
}

Result<std::string> ProbeSession::begin_upload(std::string_view name, std::vector<NameValue> headers) {
    Call call = new_call(http::Method::post, name);
    call.query = {{"uploads", ""}};
    call.headers = std::move(headers);
    const Result<Answer> answer = send(std::move(call));
    auto upload_id = answer.ok() ? parse_upload_id(answer->body) : Result<std::string>(answer.error());
    if (upload_id.ok()) {
        uploads_.emplace(name, *upload_id);
    } else {
        lost_uploads_.emplace(name);
    }
    return upload_id;
}

Result<Answer> ProbeSession::put_part(std::string_view name, const std::string& upload_id,
                                      std::uint32_t number, Body body) {
    Call call = new_call(http::Method::put, name);
    call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id}};
    call.may_trickle = true;
    set_body(call, std::move(body));
    return send(std::move(call));
}

Result<Answer> ProbeSession::complete(std::string_view name, const std::string& upload_id, const Parts& parts,
                                      std::vector<NameValue> headers) {
    FILESTORE_TRY_ASSIGN(std::string body, complete_multipart_body(parts));
    Call call = new_call(http::Method::post, name);
    call.query = {{"uploadId", upload_id}};
    call.may_trickle = true;
    set_body(call, {std::move(body), std::move(headers), {}});
    Result<Answer> answer = send_making(name, std::move(call));
    if (answer.ok()) {
        uploads_.erase({std::string(name), upload_id});
    }
    return answer;
}

Result<void> ProbeSession::abort_upload(std::string_view name, const std::string& upload_id) {
    const auto answer = ask(http::Method::remove, name, {{"uploadId", upload_id}});
    const bool gone = answer.ok() || answer.error().code() == ErrorCode::not_found;
    if (gone) {
        uploads_.erase({std::string(name), upload_id});
    }
    return gone ? Result<void>() : answer.error();
}

std::vector<std::string> ProbeSession::clean_up() {
    const auto now = std::chrono::steady_clock::now();
    const auto latest_limit = now + (longest_cleanup - longest_overrun);
    cleanup_until_ =
        std::clamp(request_.call.deadline.value_or(latest_limit), now, latest_limit) + longest_overrun;
    abort_uploads();
    std::vector<std::string> left;
    left.reserve(uploads_.size());
    for (const auto& [name, upload_id] : uploads_) {
        left.push_back("the upload of " + key(name));
    }
    for (const std::string& name : objects_) {
        const auto removed = remove(name);
        if (!removed.ok() && removed.error().code() != ErrorCode::not_found) {
            left.push_back(key(name));
        }
    }
    if (versions_seen_) {
        remove_versions(left);
    }
    // Also under names that the server made of ours.
    const auto listed = listed_keys();
    for (const std::string& key : listed.ok() ? *listed : std::vector<std::string>()) {
        if (!send_removal(key, {}).ok()) {
            left.push_back(key);
        }
    }
    return left;
}

void ProbeSession::abort_uploads() {
    for (const std::string& name : lost_uploads_) {
        const auto answer = ask(http::Method::get, {}, {{"uploads", ""}, {"prefix", key(name)}});
        const auto listing =
            answer.ok() ? parse_upload_listing(answer->body) : Result<UploadListing>(answer.error());
        for (const ListedUpload& upload : listing.ok() ? listing->uploads : std::vector<ListedUpload>()) {
            if (upload.key == key(name)) {
                uploads_.emplace(name, upload.upload_id);
            }
        }
    }
    const auto uploads = uploads_;
    for (const auto& [name, upload_id] : uploads) {
        static_cast<void>(abort_upload(name, upload_id));
    }
}

/// In a versioned bucket a removed object is still there, behind a marker.
void ProbeSession::remove_versions(std::vector<std::string>& left) {
    for (std::size_t page = 0; page < most_listed_pages; ++page) {
        const auto answer = ask(http::Method::get, {}, {{"versions", ""}, {"prefix", folder_}});
        const auto listing =
            answer.ok() ? parse_version_listing(answer->body) : Result<VersionListing>(answer.error());
        if (!listing.ok() && listing.error().code() == ErrorCode::unsupported) {
            // A server that knows no versions keeps none, whatever header its answers have (Garage).
            return;
        }
        if (!listing.ok()) {
            break;
        }
        const bool all_removed = remove_versions(*listing, left);
        if (!listing->truncated) {
            return;
        }
        // The next page would begin with the same ones.
        if (!all_removed) {
            break;
        }
    }
    left.push_back("versions of objects under " + folder_);
}

bool ProbeSession::remove_versions(const VersionListing& listing, std::vector<std::string>& left) {
    bool all_removed = true;
    for (const ListedVersion& version : listing.versions) {
        if (!version.key.starts_with(folder_)) {
            continue;
        }
        const auto removed = send_removal(version.key, {{"versionId", version.version_id}});
        if (!removed.ok() && removed.error().code() != ErrorCode::not_found) {
            left.push_back("version " + version.version_id + " of " + version.key);
            all_removed = false;
        }
    }
    return all_removed;
}

Result<Answer> ProbeSession::send_removal(std::string key, std::vector<NameValue> query) {
    Call call = new_call(http::Method::remove, {});
    call.key = std::move(key);
    call.query = std::move(query);
    return send(std::move(call));
}

Result<std::vector<std::string>> ProbeSession::listed_keys() {
    FILESTORE_TRY_ASSIGN(const Answer answer,
                         ask(http::Method::get, {}, {{"list-type", "2"}, {"prefix", folder_}}));
    FILESTORE_TRY_ASSIGN(const ObjectListing listing, parse_listing(answer.body));
    std::vector<std::string> keys;
    for (const ListedObject& object : listing.objects) {
        if (object.key.starts_with(folder_)) {
            keys.push_back(object.key);
        }
    }
    return keys;
}

}  // namespace filestore::s3
