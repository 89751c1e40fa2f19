#pragma once

/// `S3Client`: any bucket and any key of an S3-compatible store. S3Backend is a thin layer on it; use it for objects that no FileService
/// made, and for what only S3 has: conditions, copies, versions, tags, encryption. Programs that use it do not link with a library without S3 (FILESTORE_WITH_S3).
///
/// A resource, movable, and thread-safe: any thread may start any call. Each call has a blocking form and one that returns at once and answers
/// by a Completion (call.h), which must not be empty. A client that was moved from may only be destroyed, closed or assigned to. The structs are values.
/// A request is handed over with the call, and the streams in it must not be used elsewhere until the call has completed. The thread that waits in a blocking form may do the work of this
/// client's calls meanwhile, as a library thread, and without SIGPIPE.
///
/// Keys are 1 to 1024 bytes of UTF-8 and are never normalised: `a//b`, `a/../b` and `/a` are keys of their own.
///
/// Every call may fail with: `invalid_argument` (what can be seen of a request without asking), `configuration` (no such bucket, wrong
/// endpoint or region, a certificate of the server that is not trusted), `unauthenticated`, `permission_denied`, `unavailable`, `rate_limited`, `timeout`, `unsupported` (by this server),
/// `corrupt` (an answer that cannot be right), `cancelled`, `no_memory`, `forked`, `would_deadlock` (a blocking form on a library thread).
/// Requests that failed for a passing reason have been sent again by then (S3RetryOptions).

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/backend.h"
#include "filestore/call.h"
#include "filestore/checksum.h"
#include "filestore/export.h"
#include "filestore/result.h"
#include "filestore/s3_options.h"
#include "filestore/secret.h"
#include "filestore/stream.h"
#include "filestore/time.h"

namespace filestore {

namespace s3 {
class ClientCore;
}

/// A name with a value: user metadata (without `x-amz-meta-`), a tag, a form field. A value.
struct S3Field {
    std::string name{};
    std::string value{};

    friend bool operator==(const S3Field&, const S3Field&) = default;
};

/// How the server encrypts an object. An upload or copy to a server that does not say that it did so (some pass over what they do not know) fails with
/// `unsupported`, and the object is there, in the clear; with `outcome_unknown` where the server says nothing by itself and cannot be asked. A value; a
/// key that does not belong to the kind is `invalid_argument`.
struct S3Encryption {
    enum class Kind {
        /// What the bucket says.
        bucket_default,
        /// SSE-S3
        s3,
        /// SSE-KMS
        kms,
        /// SSE-C: the key travels with every request on the object, over TLS only.
        customer,
    };
    Kind kind = Kind::bucket_default;
    /// kms: its id; the account's own where it is empty.
    std::string kms_key_id{};
    /// kms: a JSON object of strings; empty for none.
    std::string kms_context{};
    /// customer: 32 bytes; never printed.
    SecretString customer_key{};
};

/// Conditions on the object that is there (RFC 9110, section 13). A failed one is `precondition_failed`, for uploads, removals and copies also where
/// `if_match` finds no object; what is empty is not sent. Times are for reading and copying; on other requests they, and on removals `if_none_match`, are
/// `invalid_argument`: servers pass over them. So are `if_match` and `if_none_match` together where something is written. A value.
struct S3Conditions {
    /// An ETag, with or without quotes.
    std::string if_match{};
    /// An ETag, or `*`: only where no object has the key.
    std::string if_none_match{};
    /// Compared in whole seconds.
    std::optional<Timestamp> if_modified_since{};
    std::optional<Timestamp> if_unmodified_since{};
};

/// A value.
struct S3ObjectInfo {
    /// Bytes of the whole object.
    std::uint64_t size = 0;
    /// Opaque, without quotes; no promise that it is a hash.
    std::string etag{};
    std::string version_id{};
    Timestamp last_modified{};
    std::string content_type{};
    std::string cache_control{};
    std::string content_disposition{};
    /// Of the stored bytes, which are handed on as they are; without the `aws-chunked` that some servers keep of the upload.
    std::string content_encoding{};
    std::string content_language{};
    std::string storage_class{};
    /// Names in lower case; values as put() takes them. What another program has encoded otherwise comes as it is.
    std::vector<S3Field> metadata{};
};

/// What to store. A value.
struct S3PutRequest {
    std::string bucket{};
    std::string key{};
    /// Required. Its size need not be known.
    std::shared_ptr<Source> source{};
    std::string content_type{default_content_type};
    std::string cache_control{};
    std::string content_disposition{};
    std::string content_encoding{};
    std::string content_language{};
    /// Names `[a-z0-9._-]+`, values UTF-8 without control characters; together at most 2 KiB in the headers, where other values than printable ASCII
    /// travel as encoded words (RFC 2047), a third larger, which head() and get() decode.
    std::vector<S3Field> metadata{};
    std::vector<S3Field> tags{};
    std::string storage_class{};
    S3Encryption encryption{};
    /// Compare-and-swap by if_match; create-only by `if_none_match = "*"`, whose failure is `already_exists`.
    S3Conditions conditions{};
    /// The account of the client's keys pays for the request, where the bucket has that set. Here and in the other requests: without it, such a bucket
    /// answers anybody but its owner with `permission_denied`, and anonymous clients always.
    bool requester_pays = false;
    /// The client's own where there is none.
    std::optional<S3ChecksumMode> checksum_mode{};
    std::optional<ChecksumAlgorithm> checksum_algorithm{};

    /// Makes an upload in parts resumable: called once, on a library thread, when it has begun and before its first part is sent, with the token to
    /// keep; it may take a moment to do so. From then on a failure or cancellation leaves the upload as it is, to be gone on with or given up
    /// (abort_upload()); sweep_uploads() takes it for left behind when it is old. A failure of the source waits for the parts under way, which are kept, 10 seconds
    /// at most. A failure that this answers ends the upload, which is aborted then. Not called for what goes in one PUT. The token is one line of printable ASCII; it names the object, and holds no secret.
    std::function<Result<void>(const std::string& token)> on_resume_token{};
    /// Goes on with the upload of that token, in this process or another. Bucket and key must be those that it was begun with. The source gives all
    /// bytes from the start again: each part is compared with what the server has of it, and is sent where that is missing or differs. Type,
    /// metadata, tags, storage class, conditions and checksums are what they were; a customer's key has to be given again. Further failures:
    /// `not_found` (the upload is gone: completed, given up or swept), `invalid_argument` (no token of this library, or of another object or size).
    std::string resume_token{};
    CallOptions call{};
};

/// Gives up an upload that could be gone on with. A value.
struct S3AbortUploadRequest {
    std::string resume_token{};
    bool requester_pays = false;
    CallOptions call{};
};

/// A value.
struct S3PutResult {
    /// Bytes stored.
    std::uint64_t size = 0;
    std::string etag{};
    std::string version_id{};
    /// 1 where it went in one PUT.
    unsigned parts = 1;
    /// The checksum that travelled with it; nothing where none did.
    std::optional<ChecksumValue> checksum{};
};

/// What to read, and where to. A value.
struct S3GetRequest {
    std::string bucket{};
    std::string key{};
    /// The newest where it is empty.
    std::string version_id{};
    /// Required. Gets the bytes in order, exactly as they are stored.
    std::shared_ptr<Sink> sink{};
    /// As DownloadRequest::range.
    std::optional<ByteRange> range{};
    S3Conditions conditions{};
    S3Encryption encryption{};
    bool requester_pays = false;
    /// `off`: the bytes are not compared with a stored checksum. The client's own where there is none.
    std::optional<S3ChecksumMode> checksum_mode{};
    /// As DownloadRequest::on_info.
    std::function<Result<void>(const S3ObjectInfo&)> on_info{};
    CallOptions call{};
};

/// A value.
struct S3GetResult {
    /// Bytes delivered to the sink.
    std::uint64_t bytes = 0;
    S3ObjectInfo object{};
    /// The checksum that the bytes were found to have, as the server says; nothing where it gave none for all of them. One that is made of those of
    /// the object's parts is compared where the server tells their sizes (the profiles aws, minio, garage and versitygw), for one more request,
    /// and where all but the last are equal.
    std::optional<ChecksumValue> verified{};
};

/// Names one object. A value.
struct S3ObjectRequest {
    std::string bucket{};
    std::string key{};
    /// The newest where it is empty.
    std::string version_id{};
    S3Conditions conditions{};
    S3Encryption encryption{};
    bool requester_pays = false;
    CallOptions call{};
};

/// A value.
struct S3RemoveResult {
    /// A versioned bucket got a marker; nothing was freed.
    bool delete_marker = false;
    std::string version_id{};
};

/// One of a batch. A value.
struct S3ObjectName {
    std::string key{};
    std::string version_id{};
    /// Where it is not empty: remove the object only as long as this is its ETag; `precondition_failed` where it has another, or is not there; `unsupported` where the server is known to pass over
    /// that. Where the server's profile does not say that batches are compared, such an object takes a request of its own. Not together with `version_id`: `invalid_argument`.
    std::string if_match{};
};

/// A value.
struct S3RemoveBatchRequest {
    std::string bucket{};
    /// Any number; at most 1,000 go in one request, fewer or one where the server's profile says so.
    std::vector<S3ObjectName> objects{};
    bool requester_pays = false;
    CallOptions call{};
};

/// What became of one of a batch. A value.
struct S3RemoveBatchEntry {
    S3ObjectName object{};
    Result<S3RemoveResult> result;
};

/// Which of S3's two listings is asked for. A value.
enum class S3ListVersion {
    /// ListObjectsV2.
    v2,
    /// ListObjects, for servers that know no other.
    v1,
};

/// Asks for one page of a listing. A value.
struct S3ListRequest {
    std::string bucket{};
    std::string prefix{};
    /// Keys that have it after the prefix are folded into `S3ListPage::common_prefixes`.
    std::string delimiter{};
    /// Where to go on: `S3ListPage::next` of the page before. Empty for the first.
    std::string cursor{};
    /// Only keys behind this one; for the first page.
    std::string start_after{};
    /// 1 to 1000.
    unsigned limit = 1000;
    /// The one that the server's profile names where there is none. A cursor is for the version that it came from.
    std::optional<S3ListVersion> version{};
    bool requester_pays = false;
    CallOptions call{};
};

/// A value.
struct S3ListEntry {
    std::string key{};
    std::uint64_t size = 0;
    std::string etag{};
    Timestamp last_modified{};
    std::string storage_class{};
};

/// A value.
struct S3ListPage {
    std::vector<S3ListEntry> objects{};
    std::vector<std::string> common_prefixes{};
    /// The cursor of the next page; nothing after the last.
    std::optional<std::string> next{};
};

/// A value.
struct S3VersionEntry {
    std::string key{};
    std::string version_id{};
    bool latest = false;
    bool delete_marker = false;
    std::uint64_t size = 0;
    std::string etag{};
    Timestamp last_modified{};
};

/// A value.
struct S3VersionPage {
    std::vector<S3VersionEntry> versions{};
    std::vector<std::string> common_prefixes{};
    std::optional<std::string> next{};
};

/// Copies inside the store. A value.
struct S3CopyRequest {
    std::string source_bucket{};
    std::string source_key{};
    std::string source_version_id{};
    std::string bucket{};
    std::string key{};
    /// Empty: the metadata and HTTP headers of the source are kept. Otherwise these take their place, and of the HTTP headers only `content_type`
    /// is set. Tags are kept in both cases.
    std::optional<std::vector<S3Field>> metadata{};
    /// Used where `metadata` is given.
    std::string content_type{default_content_type};
    std::string storage_class{};
    S3Encryption encryption{};
    /// How the source is encrypted, where that is with a customer's key.
    S3Encryption source_encryption{};
    /// On the source.
    S3Conditions source_conditions{};
    bool requester_pays = false;
    /// Larger objects are copied in parts. Bytes; at most 5 GiB, more is `invalid_argument`.
    std::uint64_t multipart_threshold = std::uint64_t{5} << 30U;
    CallOptions call{};
};

/// A value.
struct S3CopyResult {
    std::string etag{};
    std::string version_id{};
    unsigned parts = 1;
};

/// A value.
struct S3TagsRequest {
    std::string bucket{};
    std::string key{};
    std::string version_id{};
    /// At most 10; for put_tags.
    std::vector<S3Field> tags{};
    bool requester_pays = false;
    CallOptions call{};
};

/// An upload in parts that was begun and not ended. A value.
struct S3PendingUpload {
    std::string key{};
    std::string upload_id{};
    Timestamp initiated{};
};

/// A value.
struct S3SweepRequest {
    std::string bucket{};
    /// Only uploads to keys under it.
    std::string prefix{};
    /// Only uploads begun longer ago; 0 to 100 years.
    std::chrono::seconds older_than{24 * 3600};
    /// List, but abort nothing.
    bool dry_run = false;
    bool requester_pays = false;
    CallOptions call{};
};

/// A value.
struct S3PresignRequest {
    std::string bucket{};
    std::string key{};
    std::string version_id{};
    PresignMethod method = PresignMethod::get;
    /// 1 second to 7 days.
    std::chrono::seconds expires{3600};
    /// put: must be sent as it is here where it is given. `invalid_argument` for the other methods.
    std::string content_type{};
    /// Answer a URL that ends with the credentials, before `expires`, instead of failing with `unauthenticated`.
    bool allow_earlier_expiry = true;
    /// Part of the URL and of its signature: whoever uses it needs no header for it. Forms (S3PresignPostRequest) have no such field.
    bool requester_pays = false;
    CallOptions call{};
};

/// An HTML form that may upload one object. A value.
struct S3PresignPostRequest {
    std::string bucket{};
    /// A key, or with `key_is_prefix` what the key must begin with.
    std::string key{};
    bool key_is_prefix = false;
    /// Bytes, both included.
    std::uint64_t min_size = 0;
    std::uint64_t max_size = UINT64_MAX;
    /// Exact; empty: any.
    std::string content_type{};
    /// 1 second to 7 days.
    std::chrono::seconds expires{3600};
    /// Answer a form that ends with the credentials, before `expires`, instead of failing with `unauthenticated`.
    bool allow_earlier_expiry = true;
    CallOptions call{};
};

/// A value.
struct S3PresignedPost {
    std::string url{};
    /// To be sent in this order, before the field `file`.
    std::vector<S3Field> fields{};
    Timestamp expires_at{};
};

/// Asks what a server is and can do. A value.
struct S3ProbeRequest {
    std::string bucket;
    /// Before the names of what is stored for a moment.
    std::string prefix;
    bool requester_pays = false;
    CallOptions call;
};

/// What was found out about one feature. A value.
struct S3ProbeFeature {
    enum class Support {
        yes,
        no,
        /// It could not be tried: the reason stands in `how`.
        unknown,
    };
    /// `conditional-put`, ...
    std::string name;
    Support support = Support::unknown;
    /// What was seen; one line.
    std::string how;
};

/// A value.
struct S3ProbeResult {
    /// The name of the profile that fits; `generic` for a server that is none of those known.
    std::string server;
    /// The profile with what was found to be different, as S3ClientOptions::profile takes it.
    std::string profile;
    std::vector<S3ProbeFeature> features;
};

class FILESTORE_API S3Client {
public:
    /// Opens a client; does no I/O and starts no thread. `invalid_argument` for an option that cannot be right.
    [[nodiscard]] static Result<S3Client> open(S3ClientOptions options);

    S3Client(S3Client&& other) noexcept;
    S3Client& operator=(S3Client&& other) noexcept;
    /// As close().
    ~S3Client();

    /// Stores an object: in one PUT where it fits into one part, else as a multipart upload whose parts travel side by side. It is there whole
    /// or not at all; what failed, or was cancelled, is aborted, unless it is resumable. Further failures: `already_exists`,
    /// `precondition_failed`, `conflict`, `source_failed`, `no_space`, `outcome_unknown` (the last answer was lost and nothing tells what
    /// became of it).
    ///
    /// A failed object of one PUT without conditions is not looked for: after `unavailable`, `timeout` and `cancelled` it may be there, and the same
    /// call made again settles it. A multipart upload whose begin was answered and the answer lost has no name to abort it by: it is for sweep_uploads().
    /// Aborting takes 2 seconds more at most, all requests together, once the call has been cancelled, also by close(), or its deadline has passed; 10
    /// seconds after any other failure. What a silent server has not confirmed by then is for sweep_uploads(), too: the message names it.
    [[nodiscard]] Result<S3PutResult> put(S3PutRequest request);
    void put_async(S3PutRequest request, Completion<S3PutResult> done);

    /// Delivers an object, or a range of it, to the sink, in order; a large one that comes slowly by several requests side by side. What breaks off is resumed;
    /// an object that changes meanwhile is `conflict`. Further failures: `not_found`, `precondition_failed`, `range_not_satisfiable`,
    /// `sink_failed`. On failure the sink may have taken a part.
    [[nodiscard]] Result<S3GetResult> get(S3GetRequest request);
    void get_async(S3GetRequest request, Completion<S3GetResult> done);

    /// Further failures: `not_found`, `precondition_failed`.
    [[nodiscard]] Result<S3ObjectInfo> head(S3ObjectRequest request);
    void head_async(S3ObjectRequest request, Completion<S3ObjectInfo> done);

    /// Sends one DELETE, which cannot tell whether the object was there. Further failures: `precondition_failed` (if_match), `outcome_unknown` (that,
    /// after a lost answer).
    [[nodiscard]] Result<S3RemoveResult> remove(S3ObjectRequest request);
    void remove_async(S3ObjectRequest request, Completion<S3RemoveResult> done);

    /// Removes many; answers one entry per object, in their order. Fails as a whole only where no request could be answered. After
    /// `unavailable`, `timeout`, `cancelled`, `unauthenticated`, `configuration` and `forked` no more is asked for: the rest have the same failure.
    [[nodiscard]] Result<std::vector<S3RemoveBatchEntry>> remove_batch(S3RemoveBatchRequest request);
    void remove_batch_async(S3RemoveBatchRequest request, Completion<std::vector<S3RemoveBatchEntry>> done);

    /// One page: the objects under the prefix, in the server's order (of the keys' bytes, mostly), with what was folded; fewer than `limit` where the server
    /// likes. A prefix without objects is an empty page, never `not_found`.
    [[nodiscard]] Result<S3ListPage> list(S3ListRequest request);
    void list_async(S3ListRequest request, Completion<S3ListPage> done);

    /// One page of all versions and delete markers of the keys under the prefix, otherwise as list(). `start_after` and `version` are not used.
    [[nodiscard]] Result<S3VersionPage> list_versions(S3ListRequest request);
    void list_versions_async(S3ListRequest request, Completion<S3VersionPage> done);

    /// Copies without moving the bytes through this program. Further failures: `not_found`, `precondition_failed`. A copy in parts is of one object: where
    /// the source changes meanwhile it is `conflict`, whatever the server makes of conditions. One that fails is aborted as an upload is. `progress` counts the bytes of the parts that have been
    /// copied; a copy in one request reports none.
    [[nodiscard]] Result<S3CopyResult> copy(S3CopyRequest request);
    void copy_async(S3CopyRequest request, Completion<S3CopyResult> done);

    /// All tags of the object, in the server's order; none where it has none. Further failures: `not_found`.
    [[nodiscard]] Result<std::vector<S3Field>> get_tags(S3TagsRequest request);
    void get_tags_async(S3TagsRequest request, Completion<std::vector<S3Field>> done);

    /// Replaces all tags; none removes them. After a failure they are the old ones or the new, never some of each: make the call again. Further failures:
    /// `not_found`, `conflict` (a change of the same object at the same time).
    [[nodiscard]] Result<void> put_tags(S3TagsRequest request);
    void put_tags_async(S3TagsRequest request, Completion<void> done);

    /// Aborts uploads that were left behind; answers those that it ended, and leaves out what somebody else ended meanwhile. Uploads that are younger, or
    /// outside the prefix, are never touched. Where one cannot be aborted the call fails, and those before it have been.
    [[nodiscard]] Result<std::vector<S3PendingUpload>> sweep_uploads(S3SweepRequest request);
    void sweep_uploads_async(S3SweepRequest request, Completion<std::vector<S3PendingUpload>> done);

    /// Aborts a resumable upload: its token ends, and the server frees its parts. Succeeds where it is gone already. `conflict` where the server keeps
    /// parts, as some other program sends new ones. After a failure make the call again.
    [[nodiscard]] Result<void> abort_upload(S3AbortUploadRequest request);
    void abort_upload_async(S3AbortUploadRequest request, Completion<void> done);

    /// A URL by which anybody can use the object for a while. Asks nothing of the server, but may have to ask for credentials. Its `expires_at` is the
    /// true one: credentials that end earlier cut it, after others have been asked for. Further failures: `unauthenticated` (an anonymous client, or
    /// credentials that end earlier where that is not allowed).
    [[nodiscard]] Result<PresignedUrl> presign(S3PresignRequest request);
    void presign_async(S3PresignRequest request, Completion<PresignedUrl> done);

    /// The fields of a form by which anybody can upload for a while, and where to send it. As presign() it may have to ask for credentials, and its
    /// `expires_at` is the true one. Further failures: `unauthenticated`, as there; `unsupported` (by the server's profile).
    [[nodiscard]] Result<S3PresignedPost> presign_post(S3PresignPostRequest request);
    void presign_post_async(S3PresignPostRequest request, Completion<S3PresignedPost> done);

    /// Finds out what the server is, by how it answers, and what it can do, by trying: some hundred requests and 20 MiB, all on objects under
    /// a new name of their own, which are removed at the end, also after a failure; no other object is touched. Everything is tried,
    /// whatever profile the client has. Takes a thread of its own. Removing takes 30 seconds at most, and ends 2 seconds after the call was cancelled, also by
    /// close(), or its deadline has passed. Fails where an object cannot be stored, read and removed at all, and with `outcome_unknown` where something
    /// may have been left: a message names that.
    [[nodiscard]] Result<S3ProbeResult> probe(S3ProbeRequest request);
    void probe_async(S3ProbeRequest request, Completion<S3ProbeResult> done);

    /// Ends the client: every pending call completes with `cancelled`, uploads under way are aborted (resumable ones stay), later calls are
    /// refused. Returns when all have completed and the client's own threads have ended, except on a library thread, where it does not wait. A server that
    /// keeps silent delays it by 2 seconds at most (see put()). Idempotent.
    void close() noexcept;

private:
    friend class s3::ClientCore;
    explicit S3Client(std::shared_ptr<s3::ClientCore> core) noexcept;
    std::shared_ptr<s3::ClientCore> core_;
};

}  // namespace filestore
