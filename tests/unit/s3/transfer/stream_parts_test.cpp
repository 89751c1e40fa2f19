#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <mutex>

#include "s3/client/core.h"
#include "s3/client/objects.h"
#include "s3/credentials/given.h"
#include "support/code_of.h"

using namespace filestore;
using namespace filestore::s3;

namespace {

/// Takes uploads in parts without reading a byte of them.
class FakeTransport final : public http::Transport {
public:
    void send(http::Request request, std::shared_ptr<http::Receiver> receiver) noexcept override {
        answer(*receiver, request);
        receiver->on_done({});
    }
    void close() noexcept override {}

    /// How many bytes each part had, by its number.
    [[nodiscard]] std::map<unsigned, std::uint64_t> parts() {
        const std::lock_guard lock(mutex_);
        return parts_;
    }
    [[nodiscard]] unsigned completions() {
        const std::lock_guard lock(mutex_);
        return completions_;
    }
    [[nodiscard]] unsigned aborts() {
        const std::lock_guard lock(mutex_);
        return aborts_;
    }

private:
    void answer(http::Receiver& receiver, const http::Request& request) {
        const std::lock_guard lock(mutex_);
        if (request.method == http::Method::put) {
            const std::string name = "partNumber=";
            const auto number = request.url.find(name);
            parts_[static_cast<unsigned>(std::stoul(request.url.substr(number + name.size())))] =
                request.body_size;
            return reply(receiver, 200, "");
        }
        if (request.method == http::Method::remove) {
            ++aborts_;
            return reply(receiver, 204, "");
        }
        if (request.method == http::Method::get) {
            return reply(receiver, 404, "<Error><Code>NoSuchUpload</Code></Error>");
        }
        const bool begins = request.url.find("uploads=") != std::string::npos;
        completions_ += begins ? 0 : 1;
        reply(receiver, 200,
              begins ? "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
                     : "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>");
    }

    static void reply(http::Receiver& receiver, int status, std::string_view body) {
        static_cast<void>(receiver.on_head({status, {{"ETag", "\"0123456789abcdef0123456789abcdef\""}}}));
        if (!body.empty()) {
            static_cast<void>(
                receiver.on_body(std::as_bytes(std::span(body.data(), body.size())), Wake(nullptr)));
        }
    }

    std::mutex mutex_;
    std::map<unsigned, std::uint64_t> parts_;
    unsigned completions_ = 0;
    unsigned aborts_ = 0;
};

enum class Size { told, untold };

/// Says that it gives so many bytes, and gives whatever stands there.
std::shared_ptr<Source> source_of_claims(std::uint64_t size, Size says) {
    CallbackSource callbacks;
    callbacks.blocking = false;
    if (says == Size::told) {
        callbacks.size = size;
    }
    callbacks.read = [left = size](std::span<std::byte> into, const Wake&) mutable -> Result<IoStep> {
        const std::uint64_t count = std::min<std::uint64_t>(into.size(), left);
        left -= count;
        return IoStep{static_cast<std::size_t>(count), false};
    };
    return source_from_callback(std::move(callbacks));
}

struct Fixture {
    std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();

    /// Uploads so many bytes to a server of that profile, in parts of 5 MiB.
    [[nodiscard]] Result<S3PutResult> upload(std::string_view profile, std::uint64_t size,
                                             Size says = Size::untold) const {
        S3ClientOptions options;
        options.endpoint = "http://127.0.0.1:9";
        options.part_size = least_part_size;
        // Nobody fills it, and no part is too large for it, which would go by way of a file.
        options.part_memory = 64 * gibibyte;
        options.payload_signing = S3PayloadSigning::unsigned_payload;
        options.checksum_mode = S3ChecksumMode::off;
        options.clock = system_clock();
        const ExecutorChoice executor(nullptr);
        RequesterParts parts{{executor.executor, std::make_shared<Reactor>()},
                             transport,
                             make_given_provider(given_keys("key", "secret", {})),
                             {}};
        const auto core = std::make_shared<ClientCore>(std::move(options), executor, std::move(parts),
                                                       *find_quirks(profile));
        S3PutRequest request;
        request.bucket = "bucket";
        request.key = "key";
        request.source = source_of_claims(size, says);
        std::promise<Result<S3PutResult>> answer;
        put(*core, std::move(request),
            [&answer](Result<S3PutResult> result) { answer.set_value(std::move(result)); });
        auto result = answer.get_future().get();
        core->close();
        return result;
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "parts of a stream keep one size where the server wants that",
                 "[s3][stream_parts]") {
    const std::uint64_t size = 1000 * least_part_size + 1;
    const auto result = upload("r2", size);
    REQUIRE(result.ok());
    CHECK(result->size == size);
    const auto parts = transport->parts();
    REQUIRE(parts.size() == 1001);
    for (const auto& [number, bytes] : parts) {
        CAPTURE(number);
        CHECK(bytes == (number == 1001 ? 1 : least_part_size));
    }
}

TEST_CASE_METHOD(Fixture, "parts of a stream grow elsewhere", "[s3][stream_parts]") {
    const auto result = upload("aws", 1000 * least_part_size + 1);
    REQUIRE(result.ok());
    const auto parts = transport->parts();
    CHECK(parts.at(950) == least_part_size);
    CHECK(parts.at(951) == 2 * least_part_size);
    CHECK(parts.size() == 976);
}

TEST_CASE_METHOD(Fixture, "a stream that outgrows parts of one size is not published", "[s3][stream_parts]") {
    const auto fits = upload("r2", most_parts * least_part_size);
    REQUIRE(fits.ok());
    CHECK(fits->parts == most_parts);
    const unsigned completed = transport->completions();
    CHECK(completed == 1);

    const auto result = upload("r2", most_parts * least_part_size + 1);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code() == ErrorCode::invalid_argument);
    CHECK(result.error().message().find("parts of one size only") != std::string_view::npos);
    CHECK(result.error().message().find("set a larger part size") != std::string_view::npos);
    CHECK(transport->completions() == completed);
    CHECK(transport->aborts() == 1);
}

TEST_CASE_METHOD(Fixture, "5 TiB go in at most 10,000 parts, whether their number is told or not",
                 "[s3][stream_parts]") {
    const Size says = GENERATE(Size::told, Size::untold);
    const auto result = upload("aws", largest_object_size, says);
    REQUIRE(result.ok());
    CHECK(result->size == largest_object_size);
    const auto parts = transport->parts();
    CHECK(parts.size() == result->parts);
    CHECK(parts.size() <= most_parts);
    CHECK(parts.rbegin()->first == parts.size());
    std::uint64_t sent = 0;
    for (const auto& [number, bytes] : parts) {
        CAPTURE(number);
        REQUIRE(bytes <= largest_part_size);
        REQUIRE((bytes >= least_part_size || number == parts.size()));
        sent += bytes;
    }
    CHECK(sent == largest_object_size);
    CHECK(transport->completions() == 1);
}

TEST_CASE_METHOD(Fixture, "a byte more than 5 TiB is not published", "[s3][stream_parts]") {
    CHECK(code_of(upload("aws", largest_object_size + 1, Size::told)) == ErrorCode::invalid_argument);
    CHECK(transport->parts().empty());
    CHECK(transport->aborts() == 0);
    CHECK(code_of(upload("aws", largest_object_size + 1, Size::untold)) == ErrorCode::invalid_argument);
    CHECK(transport->aborts() == 1);
    CHECK(transport->completions() == 0);
}
