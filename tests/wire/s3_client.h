#pragma once

/// What the wire tests of the S3 backend share.

#include <memory>
#include <string>
#include <utility>

#include "filestore/s3_backend.h"
#include "wire/scripted_server.h"

namespace filestore::test {

// Marker credentials: no message may hold any of them.
inline constexpr std::string_view access_key = "AKIACANARYKEY";
inline constexpr std::string_view secret_key = "canarysecretcanarysecret";
inline constexpr std::string_view session_token = "canarytokencanarytoken";

/// Always the same moment, so that signatures can be compared.
class FixedClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const noexcept override {
        return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + std::chrono::hours(12));
    }
};

[[nodiscard]] inline S3Options options_for(const ScriptedServer& server) {
    S3Options options;
    options.bucket = "bucket";
    options.endpoint = server.endpoint();
    options.credentials.access_key = access_key;
    options.credentials.secret_key = secret_key;
    options.clock = std::make_shared<FixedClock>();
    // One script, one attempt; the cases of repetition ask for more.
    options.retry.max_attempts = 1;
    return options;
}

[[nodiscard]] inline std::shared_ptr<StorageBackend> open_on(const ScriptedServer& server) {
    return open_s3_backend(options_for(server)).value();
}

/// A file ID that the tests can write out.
inline constexpr std::string_view id_text = "6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d";
[[nodiscard]] inline FileId some_id() {
    return FileId::parse(id_text).value();
}

[[nodiscard]] inline UploadRequest upload_of(std::shared_ptr<Source> source) {
    UploadRequest request;
    request.id = some_id();
    request.source = std::move(source);
    return request;
}

[[nodiscard]] inline UploadRequest upload_of(std::string content) {
    return upload_of(source_from_string(std::move(content)));
}

[[nodiscard]] inline DownloadRequest download_to(std::shared_ptr<Sink> sink) {
    return {some_id(), std::move(sink), {}, {}, {}};
}

inline constexpr std::string_view date_line = "Last-Modified: Sat, 31 Jan 2026 11:00:00 GMT\r\n";

[[nodiscard]] inline std::string error_body(std::string_view code) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + std::string(code) +
           "</Code><Message>Said by the server</Message><RequestId>R1</RequestId></Error>";
}

}  // namespace filestore::test
