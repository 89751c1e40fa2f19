/// Connections cut at every byte of a download: what is delivered is the whole, or the call fails and no file is left.

#include <catch2/catch.hpp>
#include <limits>
#include <optional>

#include "support/files.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// What does not come at once takes longer than so many bytes a second do.
constexpr std::uint64_t every_stream_is_slow = std::numeric_limits<std::uint64_t>::max() - 1;
constexpr std::size_t medium_part = 2048;
/// What libcurl hands on at a time, at most.
constexpr std::size_t piece = 16384;

enum class Way { parts, stream_then_parts };

/// Downloads one object under one fault after the other.
class CutDownload {
public:
    CutDownload(std::size_t size, Retries retries, Way way = Way::parts)
        : retries_(retries), content_(random_bytes(size)) {
        server_.store("key", content_);
        S3ClientOptions options = options_for(server_, retries);
        options.parallel_parts = 3;
        if (way == Way::stream_then_parts) {
            options.part_size = medium_part;
            options.parallel_below_rate = every_stream_is_slow;
        }
        client_.emplace(open_small(std::move(options)));
    }

    /// False where the download ended before the fault came.
    bool survives(FaultPlan plan, const std::optional<ByteRange>& range, bool to_file) {
        server_.set(std::move(plan));
        const std::string path = directory_.file("file");
        const std::string expected = range ? content_.substr(range->offset, *range->length) : content_;
        const ProgressCheck progress(expected.size());
        S3GetRequest request;
        request.bucket = "bucket";
        request.key = "key";
        const auto memory = std::make_shared<BufferSink>();
        request.sink = memory;
        if (to_file) {
            request.sink = sink_to_path(path).value();
        }
        request.range = range;
        request.call.progress = progress;
        const auto got = client_->get(std::move(request));
        const bool fired = server_.fired() > 0;
        requests_ = server_.operations().size();
        server_.set({});
        CHECK(progress.right());
        if (got.ok()) {
            CHECK(got->bytes == expected.size());
            CHECK((to_file ? read_file(path) : memory->bytes()) == expected);
            std::filesystem::remove(path);
        } else {
            INFO(got.error().message());
            CHECK(fired);
            CHECK(retries_ == Retries::off);
            CHECK(got.error().code() == ErrorCode::unavailable);
        }
        CHECK(names_in(directory_.path()).empty());
        return fired;
    }

    /// Of the last download.
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }

private:
    const Retries retries_;
    const std::string content_;
    TemporaryDirectory directory_;
    ModelS3 server_;
    std::optional<S3Client> client_;
    std::size_t requests_ = 0;
};

void cut_everywhere(std::size_t size, const std::optional<ByteRange>& range, Retries retries) {
    CutDownload download(size, retries);
    std::size_t cuts = 0;
    for (const bool sent : {true, false}) {
        bool fired = true;
        for (std::uint64_t offset = 0; fired; offset += cut_step) {
            INFO((sent ? "sent " : "received ") << offset);
            FaultPlan plan;
            (sent ? plan.cut_after_sent : plan.cut_after_received) = offset;
            plan.by_reset = offset % 2 == 1;
            // A file is synced, which takes its time.
            fired = download.survives(plan, range, offset % 9 == 0);
            cuts += fired ? 1 : 0;
        }
    }
    CHECK(cuts * cut_step > size + 200);
}

}  // namespace

TEST_CASE("a download in one stream that is cut at any byte delivers the whole or fails", "[wire][faults]") {
    for (const Retries retries : {Retries::on, Retries::off}) {
        cut_everywhere(150, std::nullopt, retries);
        cut_everywhere(150, ByteRange{20, 100}, retries);
    }
}

TEST_CASE("a download in parts that is cut at any byte delivers the whole or fails", "[wire][faults]") {
    for (const Retries retries : {Retries::on, Retries::off}) {
        cut_everywhere(5 * small_part + 7, std::nullopt, retries);
    }
}

TEST_CASE("a download that goes over to parts in its middle delivers the whole or fails", "[wire][faults]") {
    constexpr std::size_t parts = 5;
    constexpr std::size_t size = piece + parts * medium_part;
    for (const Retries retries : {Retries::on, Retries::off}) {
        CutDownload download(size, retries, Way::stream_then_parts);
        for (const bool to_file : {false, true}) {
            CHECK_FALSE(download.survives({}, std::nullopt, to_file));
            CHECK(download.requests() == 1 + parts);
            bool fired = true;
            for (std::uint64_t offset = 0; fired; offset += 499) {
                INFO(offset);
                FaultPlan plan;
                plan.cut_after_sent = offset;
                fired = download.survives(plan, std::nullopt, to_file);
            }
        }
    }
}

TEST_CASE("an object that changes between two cuts is never mixed", "[wire][faults]") {
    const std::string first = random_bytes(150, 1);
    const std::string second = random_bytes(150, 2);
    for (std::uint64_t offset = 0;; offset += cut_step) {
        INFO(offset);
        ModelS3 server;
        server.store("key", first);
        S3Client client = open_small(options_for(server, Retries::on));
        FaultPlan plan;
        plan.cut_after_sent = offset;
        plan.before = [seen = 0, &second](const ModelRequest& request, ModelStore& store) mutable {
            if (++seen == 2) {
                ModelRequest other;
                other.method = "PUT";
                other.key = request.key;
                other.body = second;
                CHECK(store.answer(other).status == 200);
            }
        };
        server.set(std::move(plan));
        const auto sink = std::make_shared<BufferSink>();
        S3GetRequest request;
        request.bucket = "bucket";
        request.key = "key";
        request.sink = sink;
        const auto got = client.get(std::move(request));
        if (got.ok()) {
            CHECK((sink->bytes() == first || sink->bytes() == second));
        } else {
            CHECK(got.error().code() == ErrorCode::conflict);
        }
        if (server.fired() == 0) {
            break;
        }
    }
}
