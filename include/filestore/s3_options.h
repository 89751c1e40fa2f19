#pragma once

/// How S3 is spoken to: endpoint, credentials, limits. Everything here is a value.
///
/// Environment read, at the first request and only where no keys are given: see s3_credentials.h. `TMPDIR`, where a part is spooled. At the first
/// requests, unless the options say otherwise: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` (in upper case, too, but for `HTTP_PROXY`), `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`. Other variables of the AWS tools are not read (`AWS_ENDPOINT_URL_S3`, `AWS_CA_BUNDLE`): set `endpoint` and `ca_file`. libcurl reads `SSLKEYLOGFILE` (a file that TLS session keys are written to, for debugging: whoever reads it can read the traffic).

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "filestore/checksum.h"
#include "filestore/executor.h"
#include "filestore/s3_credentials.h"
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
    /// SHA-256 of the body is part of the signature.
    signed_payload,
    /// Where a body is broken off, some servers store the part that arrived (seen: versitygw 1.8.0; connections are
    /// therefore ended by a reset); such a part is `corrupt` when it is read. A FileService removes it, a caller of the backend has to.
    unsigned_payload,
};

/// Whether uploads carry a checksum of their bytes, which the server compares and keeps, and whether downloads are compared with it. A value.
enum class S3ChecksumMode {
    /// As header where the profile of the server says that it takes them, else none; asked for on downloads where it gives them. Where none travels, and the
    /// signature does not cover the bytes either, the ETag that the server answers to an upload is compared with their MD5, if the profile says that it is
    /// one (r2, gcs, ceph, seaweedfs, supabase): a part with another is sent again, then the upload is `corrupt`, as is an object of one PUT, which is
    /// there then. The same where `header` or `trailer` cannot be.
    automatic,
    /// No request says anything about checksums.
    off,
    /// In a header of the request.
    header,
    /// Behind the body (`aws-chunked`), which is then not part of the signature. As header where the profile says that the server takes no trailers, and none
    /// where it knows no checksums at all.
    trailer,
};

/// When and how often a request is sent again. A value.
struct S3RetryOptions {
    /// Attempts of one request, the first included; 1 switches retries off. A download that breaks off is gone on with, and begins to count anew
    /// whenever it has got another 64 KiB.
    unsigned max_attempts = 10;
    /// The waits grow from `first_delay` to `longest_delay`, each 0 to 1 day, with full jitter; a server's Retry-After counts where it is longer.
    std::chrono::milliseconds first_delay{100};
    std::chrono::milliseconds longest_delay{20'000};
    /// No new attempt begins once a request has spent so long on waits and on attempts that came to nothing, whatever else is left. Time in which bytes
    /// of a body moved, a pause lasted or the server may copy (see `first_byte_timeout`) does not count; a download that got another 64 KiB counts anew. Nor does time in which a request waited for one of `max_connections`. `max()`: no bound.
    std::chrono::milliseconds longest_time{180'000};
    /// The same while no attempt has reached the server: one that is not there is not waited for. With `connect_timeout` it bounds how
    /// long a call to such a server takes.
    std::chrono::milliseconds longest_silence{8'000};
};

/// A value.
struct S3ClientOptions {
    std::string region = "us-east-1";
    /// `http://` or `https://`, host, optional port, optional path (`https://project.example/storage/v1/s3`).
    /// AWS of the region where it is empty.
    std::string endpoint{};
    /// AWS's hosts that have IPv6 addresses, too (`s3.dualstack.REGION...`); not with an endpoint of its own.
    bool dual_stack = false;
    S3Addressing addressing = S3Addressing::automatic;
    S3PayloadSigning payload_signing = S3PayloadSigning::automatic;

    /// What is known of the server: `aws`, `minio`, `r2`, `gcs`, `ceph`, `garage`, `seaweedfs`, `versitygw`, `supabase`, or `generic`, which by itself asks for nothing that
    /// not every server has. What differs may follow, `ceph,put_if_match=yes`; `filestore probe` and S3Client::probe() find it out. What the caller asks for and the
    /// server is known to lack is refused with `unsupported`, before anything is sent. Empty: guessed from the endpoint's host, else `generic`.
    std::string profile{};
    S3ChecksumMode checksum_mode = S3ChecksumMode::automatic;
    ChecksumAlgorithm checksum_algorithm = ChecksumAlgorithm::crc64nvme;

    /// Where the keys come from; the environment where nothing is set.
    S3Credentials credentials{};

    /// The certificates to trust: themselves (PEM), or a file or directory of them, but not both; the system's where both are empty.
    std::string ca_pem{};
    std::string ca_file{};

    /// `http://`, `https://` or `socks5h://`, with user and password where it wants them. Empty: that of the environment, unless that is not to be
    /// asked. Loopback and metadata addresses are never reached through a proxy. What is no URL of a proxy is `invalid_argument` when the client is opened,
    /// and `configuration` of the request where the environment has it; no message repeats it. libcurl keeps its password until the client goes, and does not wipe it.
    std::string proxy{};
    /// Hosts that go past `proxy`, separated by commas: names and domains (`example.org`, `.example.org` and `*.example.org` all mean it and what is
    /// below it), addresses, networks (`10.0.0.0/8`), `*` for all. With a port behind it (`example.org:9000`, `[::1]:9000`) only that one.
    std::string no_proxy{};
    bool proxy_from_environment = true;

    /// Connections at one time, in equal shares for the event loops; more requests wait for one. That of a paused transfer, or of one whose sink has taken
    /// nothing for a second, does not count: others may be what it waits for. So there are more connections while many transfers rest, up to one each.
    unsigned max_connections = 64;
    /// A larger body is announced (`Expect: 100-continue`), so that a server that refuses it is not sent it. Bytes; never where there is none.
    std::optional<std::uint64_t> expect_threshold = std::uint64_t{1} << 20U;
    /// So long an announced body waits for the server's word before it is sent unasked; 1 millisecond to 1 day.
    std::chrono::milliseconds expect_wait{1'000};
    /// How long a resolved name is used before it is asked for again, and a connection that nothing goes over is used again; 0 to 1 day. A name that was used
    /// within this time keeps its old addresses while it is asked for, and when no others are found. Connections that are too old are closed by the next request:
    /// an idle client has no thread that would do it sooner.
    std::chrono::seconds dns_cache_time{30};
    std::chrono::seconds max_idle_age{60};

    /// 1 millisecond to 1 day, as the two that follow.
    std::chrono::milliseconds connect_timeout{8'000};
    /// From the last byte of a request to the first of its answer. A copy, and the completion of an upload in parts, have a second more for every
    /// 16 MiB, because some servers copy the bytes before they answer.
    std::chrono::milliseconds first_byte_timeout{30'000};
    /// A transfer of which less than 1 KiB moves within so long fails with `timeout`.
    std::chrono::milliseconds stall_timeout{20'000};
    S3RetryOptions retry{};

    /// Bodies larger than one part travel in parts, several at a time, but see `parallel_below_rate`. Bytes; 5 MiB to 5 GiB for uploads.
    std::uint64_t part_size = std::uint64_t{8} << 20U;
    /// Parts of one transfer under way at one time.
    unsigned parallel_parts = 4;
    /// A download begins as one stream, which takes no memory for parts and less processor time. Where that brings less than so many bytes a second while its
    /// sink waits for them, it is broken off, and what is left, if it is more than three parts, is read in parts; not while more large bodies than `parallel_parts` are under way.
    /// 0: never; the largest number: at once.
    std::uint64_t parallel_below_rate = std::uint64_t{256} << 20U;
    /// What all transfers of one client together may hold in memory for parts; more of them wait. Bytes. Parts of uploads that are larger go by way of
    /// `spool_directory`; downloads ask for smaller ones, and leave room for one part of an upload. Where an upload's part is larger than that, one is
    /// held beside theirs; and so is one part of each upload that begins while all others rest, paused or without bytes of their sources for a second. Uploads of source_from_span() and source_from_string() take none.
    std::uint64_t part_memory = std::uint64_t{32} << 20U;

    /// The most event loop threads; at least 1. They start with the first request and end when idle; a blocking call whose loop has no thread does the loop's work itself while it waits. Beside them a client has at most those of its executor (4),
    /// one for streams that wait, and one that looks names up: 8 in all. Up to three more come while several names are looked up at one time.
    unsigned event_loops = 2;
    /// Where parts of an upload that are larger than `part_memory` are kept while they are sent: in files without a name, up to
    /// `parallel_parts` + 1 of them for each transfer. Empty: `TMPDIR`, else /var/tmp. It should be on a disk; that it is full is `no_space`.
    std::string spool_directory{};

    /// Where blocking work and completions run; a thread pool of its own where there is none.
    std::shared_ptr<Executor> executor{};
    /// The time that requests are signed with; the system's where there is none.
    std::shared_ptr<Clock> clock{};
};

}  // namespace filestore
