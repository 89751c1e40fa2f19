#pragma once

/// The objects and uploads of one probe, and the requests on them.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "s3/client/core.h"
#include "s3/protocol/listing_xml.h"
#include "s3/protocol/multipart_xml.h"
#include "s3/transfer/upload_checksums.h"

namespace filestore::s3 {

/// Sends one request after the other and waits for each; keeps what was made, and removes it. A resource; one thread at a time. Names are those of
/// objects under a folder that nobody else has.
class ProbeSession {
public:
    /// A body, and what travels with it. A value.
    struct Body {
        std::string bytes;
        std::vector<NameValue> headers;
        /// Of the bytes; off for none.
        ChecksumChoice checksum;
    };
    using Parts = std::vector<UploadedPart>;

    ProbeSession(ClientCore& core, const S3ProbeRequest& request, std::string folder);

    /// `cancelled` or `timeout` once the call has to end.
    [[nodiscard]] Result<void> check_limits() const;

    [[nodiscard]] const S3ClientOptions& options() const noexcept { return requester_->options(); }
    [[nodiscard]] bool is_tls() const noexcept { return core_.is_tls(); }
    [[nodiscard]] const std::string& bucket() const noexcept { return request_.bucket; }
    [[nodiscard]] std::string key(std::string_view name) const { return folder_ + std::string(name); }
    /// The headers of every answer so far.
    [[nodiscard]] const std::vector<NameValue>& headers() const noexcept { return headers_; }

    /// With another requester meanwhile.
    template <class Work>
    auto as(std::shared_ptr<Requester> requester, Work&& work) {
        struct Swap {
            std::shared_ptr<Requester>& used;
            std::shared_ptr<Requester>& other;
            Swap(std::shared_ptr<Requester>& a, std::shared_ptr<Requester>& b) : used(a), other(b) {
                used.swap(other);
            }
            Swap(const Swap&) = delete;
            Swap& operator=(const Swap&) = delete;
            ~Swap() { used.swap(other); }
        } const swapped(requester_, requester);
        return std::forward<Work>(work)();
    }
    /// The client's own, with other options and keys.
    [[nodiscard]] std::shared_ptr<Requester> other_requester(S3ClientOptions options,
                                                             CredentialsProviderPtr keys = nullptr) const {
        return requester_->with(std::move(options), std::move(keys));
    }

    [[nodiscard]] Result<Answer> put(std::string_view name, Body body);
    [[nodiscard]] Result<Answer> get(std::string_view name, std::vector<NameValue> headers = {});
    [[nodiscard]] Result<Answer> head(std::string_view name, std::vector<NameValue> headers = {});
    [[nodiscard]] Result<Answer> remove(std::string_view name, std::vector<NameValue> headers = {});
    /// A request on a sub-resource of an object, or with no name of the bucket.
    [[nodiscard]] Result<Answer> ask(http::Method method, std::string_view name, std::vector<NameValue> query,
                                     std::string body = {});

    /// Whether an object is there and has just these bytes.
    [[nodiscard]] Result<bool> holds(std::string_view name, std::string_view bytes);
    [[nodiscard]] Result<bool> exists(std::string_view name);

    [[nodiscard]] Result<std::string> begin_upload(std::string_view name,
                                                   std::vector<NameValue> headers = {});
    [[nodiscard]] Result<Answer> put_part(std::string_view name, const std::string& upload_id,
                                          std::uint32_t number, Body body);
    [[nodiscard]] Result<Answer> complete(std::string_view name, const std::string& upload_id,
                                          const Parts& parts, std::vector<NameValue> headers = {});
    [[nodiscard]] Result<void> abort_upload(std::string_view name, const std::string& upload_id);

    /// Removes everything, also where the call was cancelled, but does not wait for long: 30 seconds in all, and 2 once the call is past its
    /// limits. Answers what may still be there; empty for nothing.
    [[nodiscard]] std::vector<std::string> clean_up();

private:
    struct Arrival;

    [[nodiscard]] Call new_call(http::Method method, std::string_view name) const;
    void set_body(Call& call, Body body) const;
    [[nodiscard]] Result<Answer> send(Call call);
    void limit_cleanup(Arrival& arrival);
    /// Of a request that makes an object.
    [[nodiscard]] Result<Answer> send_making(std::string_view name, Call call);
    [[nodiscard]] Result<Answer> send_removal(std::string key, std::vector<NameValue> query);
    void abort_uploads();
    /// Adds to `left` what may still be there.
    void remove_versions(std::vector<std::string>& left);
    /// Those of one page; whether they all went.
    [[nodiscard]] bool remove_versions(const VersionListing& listing, std::vector<std::string>& left);
    [[nodiscard]] Result<std::vector<std::string>> listed_keys();

    ClientCore& core_;
    const S3ProbeRequest request_;
    const std::string folder_;
    std::shared_ptr<Requester> requester_;
    std::vector<NameValue> headers_;
    /// By name.
    std::set<std::string> objects_;
    /// By name and upload ID.
    std::set<std::pair<std::string, std::string>> uploads_;
    /// Names of uploads that may have begun, though no ID came.
    std::set<std::string> lost_uploads_;
    bool versions_seen_ = false;
    std::stop_source stop_cleanup_;
    /// Once it has begun.
    std::optional<std::chrono::steady_clock::time_point> cleanup_until_;
};

}  // namespace filestore::s3
