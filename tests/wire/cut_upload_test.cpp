/// Connections cut at every byte of an upload, in both directions: the object is there whole or not at all, and nothing is left over.

#include <catch2/catch.hpp>
#include <optional>

#include "support/random_bytes.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string old_bytes = "what was there before";

/// One upload under test. A value.
struct Shape {
    std::size_t size = 0;
    bool knows_its_size = true;
    S3ChecksumMode checksums = S3ChecksumMode::off;
    bool overwrites = false;
};

bool is_lost_on_the_way(const Error& error) {
    return error.code() == ErrorCode::unavailable || error.code() == ErrorCode::outcome_unknown;
}

/// Uploads under one fault after the other.
class CutUpload {
public:
    CutUpload(Shape shape, Retries retries)
        : shape_(shape), retries_(retries), content_(random_bytes(shape.size)) {
        S3ClientOptions options = options_for(server_, retries);
        options.checksum_mode = shape.checksums;
        options.checksum_algorithm = ChecksumAlgorithm::crc32c;
        client_.emplace(open_small(std::move(options)));
    }

    /// False where the upload ended before the fault came.
    bool survives(FaultPlan plan) {
        server_.with_store([](ModelStore& store) { store = {}; });
        if (shape_.overwrites) {
            server_.store("key", old_bytes);
        }
        server_.set(std::move(plan));
        const ProgressCheck progress(shape_.size);
        S3PutRequest request =
            put_of("key", shape_.knows_its_size ? source_from_string(content_) : stream_of(content_));
        request.call.progress = progress;
        const auto stored = client_->put(std::move(request));
        const bool fired = server_.fired() > 0;
        const std::size_t lost_uploads = server_.lost_uploads();
        server_.set({});
        check_outcome(stored, fired);
        CHECK(progress.right());
        CHECK(server_.with_store([](const ModelStore& store) { return store.offences; }).empty());
        CHECK(server_.uploads() <= lost_uploads);
        return fired;
    }

    [[nodiscard]] ModelS3& server() { return server_; }
    [[nodiscard]] S3Client& client() { return *client_; }

private:
    void check_outcome(const Result<S3PutResult>& stored, bool fired) {
        const auto there = server_.object("key");
        const auto before = shape_.overwrites ? std::optional(old_bytes) : std::nullopt;
        const bool whole = there == content_;
        if (stored.ok()) {
            CHECK(whole);
            return;
        }
        INFO(stored.error().message());
        CHECK(fired);
        CHECK(retries_ == Retries::off);
        CHECK(is_lost_on_the_way(stored.error()));
        // A single PUT whose answer was lost may have been done; whoever repeats it does no harm.
        CHECK((there == before || whole));
        if (shape_.size > small_part) {
            CHECK((there == before || stored.error().code() == ErrorCode::outcome_unknown));
        }
    }

    const Shape shape_;
    const Retries retries_;
    const std::string content_;
    ModelS3 server_;
    std::optional<S3Client> client_;
};

void cut_everywhere(const Shape& shape, Retries retries) {
    CutUpload upload(shape, retries);
    std::size_t cuts = 0;
    for (const bool received : {true, false}) {
        bool fired = true;
        for (std::uint64_t offset = 0; fired; offset += cut_step) {
            INFO((received ? "received " : "sent ") << offset);
            FaultPlan plan;
            (received ? plan.cut_after_received : plan.cut_after_sent) = offset;
            plan.by_reset = offset % 2 == 0;
            fired = upload.survives(plan);
            cuts += fired ? 1 : 0;
        }
    }
    // All bytes of the object have been cut at, and the heads around them.
    CHECK(cuts * cut_step > shape.size + 200);
}

}  // namespace

TEST_CASE("a single PUT that is cut at any byte is there whole or not at all", "[wire][faults]") {
    for (const Retries retries : {Retries::on, Retries::off}) {
        cut_everywhere({50, true, S3ChecksumMode::header, true}, retries);
        cut_everywhere({50, false, S3ChecksumMode::trailer, false}, retries);
    }
}

TEST_CASE("an upload in parts that is cut at any byte is there whole or not at all", "[wire][faults]") {
    const std::size_t three_parts = 2 * small_part + 10;
    for (const Retries retries : {Retries::on, Retries::off}) {
        cut_everywhere({three_parts, true, S3ChecksumMode::trailer, true}, retries);
        cut_everywhere({three_parts, false, S3ChecksumMode::trailer, false}, retries);
    }
}
