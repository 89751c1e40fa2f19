#pragma once

/// What the tests on model_s3.h share.

#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "filestore/s3_client.h"
#include "s3/client/core.h"
#include "wire/model_s3.h"
#include "wire/s3_client.h"

namespace filestore::test {

inline constexpr std::uint64_t small_part = 64;

/// From one place where a connection is cut to the next, in bytes.
inline constexpr std::uint64_t cut_step = FILESTORE_TEST_CUT_STEP;

enum class Retries { off, on };

[[nodiscard]] inline S3ClientOptions options_for(const ModelS3& server, Retries retries) {
    S3ClientOptions options;
    options.endpoint = server.endpoint();
    options.credentials.access_key = access_key;
    options.credentials.secret_key = secret_key;
    options.clock = std::make_shared<FixedClock>();
    options.part_size = small_part;
    options.parallel_parts = 2;
    options.parallel_below_rate = std::numeric_limits<std::uint64_t>::max();
    options.profile = "minio";
    options.checksum_mode = S3ChecksumMode::off;
    options.retry.max_attempts = retries == Retries::on ? 6 : 1;
    options.retry.first_delay = std::chrono::milliseconds(1);
    options.retry.longest_delay = std::chrono::milliseconds(2);
    return options;
}

/// A client whose parts may be as small as the tests want them.
[[nodiscard]] inline S3Client open_small(S3ClientOptions options) {
    return s3::ClientCore::open_client(std::move(options), {1, 1}).value();
}

[[nodiscard]] inline S3PutRequest put_of(std::string key, std::shared_ptr<Source> source) {
    S3PutRequest request;
    request.bucket = "bucket";
    request.key = std::move(key);
    request.source = std::move(source);
    return request;
}

/// Gives the bytes, and neither knows their number nor rewinds.
[[nodiscard]] inline std::shared_ptr<Source> stream_of(std::string bytes) {
    auto inner = source_from_string(std::move(bytes));
    CallbackSource callbacks;
    callbacks.blocking = false;
    callbacks.read = [inner](std::span<std::byte> into, const Wake& wake) { return inner->read(into, wake); };
    return source_from_callback(std::move(callbacks));
}

[[nodiscard]] inline S3ObjectRequest object_named(std::string key) {
    S3ObjectRequest request;
    request.bucket = "bucket";
    request.key = std::move(key);
    return request;
}

/// Checks what is reported of a transfer: it only grows, and never beyond `most`. A value whose copies share what they saw.
class ProgressCheck {
public:
    explicit ProgressCheck(std::uint64_t most) : most_(most) {}

    void operator()(const Progress& progress) const {
        State& state = *state_;
        state.right = state.right && progress.bytes_done >= state.last && progress.bytes_done <= most_ &&
                      progress.bytes_acknowledged <= progress.bytes_done;
        state.last = progress.bytes_done;
    }
    [[nodiscard]] bool right() const { return state_->right; }
    [[nodiscard]] std::uint64_t last() const { return state_->last; }

private:
    struct State {
        std::uint64_t last = 0;
        bool right = true;
    };
    std::uint64_t most_;
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace filestore::test
