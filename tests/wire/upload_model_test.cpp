/// Random uploads that are paused, cancelled, fed by failing sources, hit by faults and abandoned with their client, against a model of what may be there.

#include <array>
#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "support/answers.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// What may become of one upload. A value.
struct Upload {
    std::string key;
    std::string content;
    std::shared_ptr<Source> source;
    bool source_fails = false;
    bool create_only = false;
};

class Sequence {
public:
    explicit Sequence(std::uint64_t seed) : random_(seed) { open(); }

    void step() {
        std::vector<Upload> uploads;
        const std::size_t count = 1 + pick(2);
        for (std::size_t i = 0; i < count; ++i) {
            uploads.push_back(random_upload("key" + std::to_string(i)));
        }
        std::map<std::string, std::optional<std::string>> before;
        for (const Upload& upload : uploads) {
            before[upload.key] = server_.object(upload.key);
        }
        const std::stop_source stop;
        const auto pause = std::make_shared<PauseSwitch>();
        const bool closes = pick(6) == 0;
        const std::shared_ptr<std::promise<void>> midway = set_faults(stop, pause);
        std::vector<Answers<S3PutResult>> answers(count);
        for (std::size_t i = 0; i < count; ++i) {
            client_->put_async(request_for(uploads[i], stop, pause), answers[i].next());
        }
        if (closes) {
            midway->get_future().wait_for(std::chrono::milliseconds(2));
            pause->resume();
            client_.reset();
        }
        for (std::size_t i = 0; i < count; ++i) {
            const auto result = answers[i].wait_for_one();
            check(uploads[i], before[uploads[i].key], result);
        }
        CHECK(server_.uploads() <= server_.lost_uploads());
        CHECK(server_.with_store([](const ModelStore& store) { return store.offences; }).empty());
        for (const auto& answer : answers) {
            CHECK(answer.count() == 1);
        }
        clean_up();
    }

    /// What was published is always one of the whole contents.
    void check_history() {
        server_.with_store([this](const ModelStore& store) {
            for (const auto& [key, versions] : store.published) {
                for (const std::string& bytes : versions) {
                    CHECK(contents_.contains(bytes));
                }
            }
        });
    }

    [[nodiscard]] const std::map<ErrorCode, std::size_t>& outcomes() const { return outcomes_; }

private:
    std::size_t pick(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

    void open() {
        S3ClientOptions options = options_for(server_, pick(3) == 0 ? Retries::off : Retries::on);
        options.checksum_mode = pick(2) == 0 ? S3ChecksumMode::trailer : S3ChecksumMode::off;
        options.parallel_parts = static_cast<unsigned>(1 + pick(3));
        client_.emplace(open_small(std::move(options)));
    }

    Upload random_upload(std::string key) {
        Upload upload;
        upload.key = std::move(key);
        upload.content = random_bytes(pick(5 * small_part), random_());
        contents_.insert(upload.content);
        upload.create_only = pick(4) == 0;
        switch (pick(5)) {
            case 0:
                upload.source = stream_of(upload.content);
                break;
            case 1:
                upload.source = std::make_shared<HesitantSource>(upload.content, 1 + pick(100));
                break;
            case 2:
                upload.source_fails = true;
                upload.source = failing_source(upload.content.substr(0, pick(upload.content.size() + 1)), 7);
                break;
            case 3:
                upload.source_fails = true;
                upload.source =
                    mislabelled_source(upload.content, upload.content.size() + 1 + pick(100), true);
                break;
            default:
                upload.source = source_from_string(upload.content);
        }
        return upload;
    }

    static S3PutRequest request_for(const Upload& upload, const std::stop_source& stop,
                                    const std::shared_ptr<PauseSwitch>& pause) {
        S3PutRequest request = put_of(upload.key, upload.source);
        request.conditions.if_none_match = upload.create_only ? "*" : "";
        request.call.cancel = stop.get_token();
        request.call.pause = pause;
        return request;
    }

    /// The answer is given when half-way has been reached.
    std::shared_ptr<std::promise<void>> set_faults(const std::stop_source& stop,
                                                   const std::shared_ptr<PauseSwitch>& pause) {
        auto midway = std::make_shared<std::promise<void>>();
        FaultPlan plan;
        switch (pick(4)) {
            case 0:
                plan.requests[1 + pick(8)] = random_fault();
                plan.requests[1 + pick(8)] = random_fault();
                break;
            case 1:
                plan.cut_after_received = pick(6000);
                plan.by_reset = pick(2) == 0;
                break;
            case 2:
                plan.cut_after_sent = pick(1500);
                plan.by_reset = pick(2) == 0;
                break;
            default:
                break;
        }
        const std::size_t at = 1 + pick(7);
        const bool cancels = pick(4) == 0;
        const bool pauses = pick(3) == 0;
        plan.before = [stop, pause, midway, at, cancels, pauses, seen = std::size_t{0}](const ModelRequest&,
                                                                                        ModelStore&) mutable {
            ++seen;
            if (seen == at) {
                midway->set_value();
                if (cancels) {
                    std::stop_source(stop).request_stop();
                }
                if (pauses) {
                    pause->pause();
                    std::thread([pause] { pause->resume(); }).detach();
                }
            }
        };
        server_.set(std::move(plan));
        return midway;
    }

    RequestFault random_fault() {
        constexpr std::array faults{RequestFault::internal_error, RequestFault::reset,
                                    RequestFault::swallowed_answer, RequestFault::error_in_success,
                                    RequestFault::unreadable_answer};
        return faults[pick(faults.size())];
    }

    void check(const Upload& upload, const std::optional<std::string>& before,
               const Result<S3PutResult>& result) {
        const auto there = server_.object(upload.key);
        const ErrorCode code = result.ok() ? ErrorCode::ok : result.error().code();
        INFO(upload.key << " of " << upload.content.size() << ": "
                        << (result.ok() ? "stored" : result.error().message()));
        ++outcomes_[code];
        if (result.ok()) {
            CHECK(there == upload.content);
            CHECK_FALSE(upload.source_fails);
            CHECK_FALSE((upload.create_only && before));
            return;
        }
        const bool in_one_put = upload.content.size() <= small_part;
        const bool may_be_done = code == ErrorCode::outcome_unknown ||
                                 (in_one_put && (code == ErrorCode::unavailable ||
                                                 code == ErrorCode::cancelled || code == ErrorCode::corrupt));
        CHECK((there == before || (may_be_done && !upload.source_fails && there == upload.content)));
        CHECK((code != ErrorCode::already_exists || (upload.create_only && before)));
    }

    /// As a program would in the end.
    void clean_up() {
        server_.set({});
        if (!client_ || pick(8) == 0) {
            open();
        }
        S3SweepRequest sweep;
        sweep.bucket = "bucket";
        sweep.older_than = std::chrono::seconds(0);
        REQUIRE(client_->sweep_uploads(sweep).ok());
        REQUIRE(server_.uploads() == 0);
        if (pick(3) == 0) {
            REQUIRE(client_->remove(object_named("key0")).ok());
        }
    }

    std::mt19937_64 random_;
    std::set<std::string> contents_;
    std::map<ErrorCode, std::size_t> outcomes_;
    ModelS3 server_;
    std::optional<S3Client> client_;
};

}  // namespace

TEST_CASE("no sequence of uploads leaves a part of an object, or parts", "[wire][faults]") {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        Sequence sequence(seed);
        for (int i = 0; i < 150; ++i) {
            INFO("seed " << seed << ", step " << i);
            sequence.step();
        }
        sequence.check_history();
        // The sequence is worth something only where all of this comes about.
        for (const ErrorCode code : {ErrorCode::ok, ErrorCode::source_failed, ErrorCode::cancelled,
                                     ErrorCode::unavailable, ErrorCode::already_exists}) {
            INFO(to_string(code));
            CHECK(sequence.outcomes().contains(code));
        }
    }
}
