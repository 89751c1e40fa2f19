#pragma once

/// Files in an S3-compatible store: the object's key is the file ID under an optional prefix.
///
/// Metadata: printable-ASCII strings under keys `[a-z0-9.-]+` travel as `x-amz-meta-KEY`, everything else and the original
/// path as base64 of JSON in `x-amz-meta-filestore`, with the size of the body: an object that has another one (a server kept a part of a
/// broken-off upload) is `corrupt`. Together they may be at most 2 KiB (the limit of S3), of which the size takes up to 60 bytes.
///
/// Environment read: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` when no keys are given, at the first
/// request; and, by libcurl and OpenSSL, `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`, `SSL_CERT_FILE`, `SSL_CERT_DIR` and
/// `SSLKEYLOGFILE` (a file that TLS session keys are written to, for debugging: whoever reads it can read the traffic).

#include <chrono>
#include <memory>
#include <string>

#include "filestore/backend.h"
#include "filestore/executor.h"
#include "filestore/time.h"

namespace filestore {

/// Where the bucket's name goes in a URL. A value.
enum class S3Addressing {
    /// path with an endpoint of its own, virtual_host with AWS.
    automatic,
    /// https://host/bucket/key
    path,
    /// https://bucket.host/key
    virtual_host,
};

/// Whether the signature covers the body. A value.
enum class S3PayloadSigning {
    /// signed over plain HTTP, unsigned over TLS, which protects the body itself.
    automatic,
    /// SHA-256 of the body is part of the signature; a body is read twice.
    signed_payload,
    /// The body is read once. Where a body is broken off, some servers store the part that arrived (seen: versitygw 1.8.0; connections are
    /// therefore ended by a reset); such a part is `corrupt` when it is read. A FileService removes it, a caller of the backend has to.
    unsigned_payload,
};

/// A value.
struct S3Options {
    /// Required.
    std::string bucket;
    std::string region = "us-east-1";
    /// `http://` or `https://`, host, optional port, optional path (`https://project.example/storage/v1/s3`).
    /// AWS of the region where it is empty.
    std::string endpoint;
    S3Addressing addressing = S3Addressing::automatic;
    S3PayloadSigning payload_signing = S3PayloadSigning::automatic;
    /// Led before every file ID, for example `files/`.
    std::string key_prefix;

    /// Both, or neither: then the environment is asked.
    std::string access_key;
    std::string secret_key;
    std::string session_token;

    /// A file or directory of certificates to trust; the system's where it is empty.
    std::string ca_file;

    std::chrono::milliseconds connect_timeout{10'000};
    /// A transfer that moves no byte for so long fails with `timeout`.
    std::chrono::milliseconds stall_timeout{30'000};

    /// The most event loop threads; at least 1. They start with the first request and end when idle.
    unsigned event_loops = 2;
    /// Where an upload of unknown length is kept until its size is known (an unnamed file); `$TMPDIR` or /tmp where it is empty.
    std::string spool_directory;

    /// Where blocking work and completions run; a thread pool of its own where there is none.
    std::shared_ptr<Executor> executor;
    /// The time that requests are signed with; the system's where there is none.
    std::shared_ptr<Clock> clock;
};

/// Opens an S3 backend; does no network I/O and starts no thread. Destroying the handle closes the backend: pending calls complete
/// with `cancelled`. Failures: `invalid_argument` for an option that cannot be right.
///
/// Failures of its calls beyond those of StorageBackend: `configuration` (the bucket does not exist), `unauthenticated`
/// (missing or wrong keys, wrong clock), `permission_denied`, `unavailable`, `timeout`, `rate_limited`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<StorageBackend>> open_s3_backend(S3Options options);

}  // namespace filestore
