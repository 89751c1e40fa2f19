/// Requests that were done and whose answers never came: the client finds out, and claims nothing that it cannot know.

#include <catch2/catch.hpp>

#include "core/checksum/checksum.h"
#include "support/random_bytes.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string content = random_bytes(2 * small_part + 10);
const std::string small_content = random_bytes(50);
const std::string other_bytes = "another writer's";

/// What happens at the key after the object was stored and before the client can look.
enum class Meanwhile { nothing, overwritten, removed };

/// The first `operation` is done and its answer lost; `meanwhile` follows.
FaultPlan losing(const std::string& operation, Meanwhile meanwhile) {
    FaultPlan plan;
    plan.decide = [operation, lost = false](const ModelRequest& request,
                                            std::size_t) mutable -> std::optional<RequestFault> {
        if (lost || request.operation() != operation) {
            return std::nullopt;
        }
        lost = true;
        return RequestFault::swallowed_answer;
    };
    plan.before = [operation, meanwhile, seen = 0](const ModelRequest& request, ModelStore& store) mutable {
        if (request.operation() == operation) {
            ++seen;
            return;
        }
        if (seen > 0 && meanwhile == Meanwhile::removed) {
            store.objects.erase("key");
        }
        if (seen > 0 && meanwhile == Meanwhile::overwritten) {
            ModelRequest other;
            other.method = "PUT";
            other.key = "key";
            other.body = other_bytes;
            CHECK(store.answer(other).status == 200);
        }
    };
    return plan;
}

/// Objects are as in a bucket that encrypts them with a key of KMS: no ETag is a hash. Some servers keep checksums beside them.
FaultPlan encrypting(FaultPlan plan, bool keeps_checksums) {
    plan.before = [before = plan.before, keeps_checksums](const ModelRequest& next, ModelStore& store) {
        before(next, store);
        for (auto& [key, object] : store.objects) {
            object.etag = "\"no hash of anything\"";
            object.headers["x-amz-server-side-encryption"] = "aws:kms";
            if (keeps_checksums) {
                object.headers["x-amz-checksum-crc64nvme"] =
                    checksum_of(ChecksumAlgorithm::crc64nvme, std::as_bytes(std::span(object.bytes))).text();
            }
        }
    };
    return plan;
}

/// The caller cancels while the completion is done, whose answer never comes. `always_aborts`: the server calls the abort of an upload that it does not have
/// a success.
FaultPlan cancelling(const std::stop_source& stop, bool always_aborts) {
    FaultPlan plan;
    plan.decide = [](const ModelRequest& request, std::size_t) -> std::optional<RequestFault> {
        return request.operation() == "CompleteMultipartUpload" ? std::optional(RequestFault::no_answer)
                                                                : std::nullopt;
    };
    plan.before = [stop, always_aborts](const ModelRequest& request, ModelStore& store) {
        if (request.operation() == "CompleteMultipartUpload") {
            std::stop_source(stop).request_stop();
        }
        if (always_aborts && request.operation() == "AbortMultipartUpload") {
            store.uploads[request.query.at("uploadId")].key = request.key;
        }
    };
    return plan;
}

/// The connection is fresh for the first request only: on a kept one, the HTTP library below repeats by itself, and does not say so.
void warm_up(S3Client& client, std::size_t connections) {
    for (std::size_t i = 0; i < connections; ++i) {
        CHECK_FALSE(client.head(object_named("nothing")).ok());
    }
}

Result<S3PutResult> put(S3Client& client, const std::string& bytes, const S3Conditions& conditions = {}) {
    S3PutRequest request = put_of("key", source_from_string(bytes));
    request.conditions = conditions;
    return client.put(std::move(request));
}

}  // namespace

TEST_CASE("a lost answer of the completion is looked after", "[wire][faults]") {
    for (const Retries retries : {Retries::on, Retries::off}) {
        for (const bool warm : {true, false}) {
            for (const Meanwhile meanwhile :
                 {Meanwhile::nothing, Meanwhile::overwritten, Meanwhile::removed}) {
                ModelS3 server;
                server.store("key", "what was there before");
                S3Client client = open_small(options_for(server, retries));
                if (warm) {
                    warm_up(client, 3);
                }
                server.set(losing("CompleteMultipartUpload", meanwhile));
                const auto stored = put(client, content);
                CHECK(server.fired() == 1);
                CHECK(server.uploads() == 0);
                INFO((stored.ok() ? "stored" : stored.error().message()));
                if (meanwhile == Meanwhile::nothing) {
                    REQUIRE(stored.ok());
                    CHECK(stored->size == content.size());
                    CHECK(stored->parts == 3);
                    CHECK(server.object("key") == content);
                } else {
                    REQUIRE_FALSE(stored.ok());
                    CHECK(stored.error().code() == ErrorCode::outcome_unknown);
                    CHECK_FALSE(stored.error().retryable());
                }
            }
        }
    }
}

TEST_CASE("an answer of the completion that cannot be read is looked after", "[wire][faults]") {
    ModelS3 server;
    S3Client client = open_small(options_for(server, Retries::on));
    FaultPlan plan;
    plan.decide = [](const ModelRequest& request, std::size_t) -> std::optional<RequestFault> {
        return request.operation() == "CompleteMultipartUpload"
                   ? std::optional(RequestFault::unreadable_answer)
                   : std::nullopt;
    };
    server.set(std::move(plan));
    const auto stored = put(client, content);
    CHECK(server.fired() == 1);
    CHECK(stored.ok());
    CHECK(server.object("key") == content);
}

TEST_CASE("a completion that was never done leaves the older object, and is no success", "[wire][faults]") {
    ModelS3 server;
    server.store("key", "what was there before");
    S3Client client = open_small(options_for(server, Retries::off));
    FaultPlan plan;
    plan.decide = [](const ModelRequest& request, std::size_t) -> std::optional<RequestFault> {
        return request.operation() == "CompleteMultipartUpload" ? std::optional(RequestFault::reset)
                                                                : std::nullopt;
    };
    server.set(std::move(plan));
    const auto stored = put(client, content);
    REQUIRE_FALSE(stored.ok());
    CHECK(stored.error().code() == ErrorCode::outcome_unknown);
    CHECK(server.object("key") == "what was there before");
    CHECK(server.uploads() == 0);
}

TEST_CASE("a condition that the client's own lost request broke", "[wire][faults]") {
    for (const std::string& bytes : {small_content, content}) {
        const std::string publishing = bytes == content ? "CompleteMultipartUpload" : "PutObject";
        for (const Retries retries : {Retries::on, Retries::off}) {
            for (const bool warm : {true, false}) {
                for (const bool create_only : {true, false}) {
                    INFO(publishing << (warm ? " on a kept connection" : "")
                                    << (create_only ? " create" : " swap")
                                    << (retries == Retries::on ? " again" : ""));
                    ModelS3 server;
                    S3Client client = open_small(options_for(server, retries));
                    if (warm) {
                        warm_up(client, 1);
                    }
                    S3Conditions conditions;
                    if (create_only) {
                        conditions.if_none_match = "*";
                    } else {
                        server.store("key", "what was there before");
                        conditions.if_match = client.head(object_named("key"))->etag;
                    }
                    server.set(losing(publishing, Meanwhile::nothing));
                    const auto stored = put(client, bytes, conditions);
                    CHECK(server.fired() == 1);
                    INFO((stored.ok() ? "stored" : stored.error().message()));
                    CHECK(stored.ok());
                    CHECK(server.object("key") == bytes);
                    CHECK(server.uploads() == 0);
                }
            }
        }
    }
}

TEST_CASE("another writer's object is never taken for the client's own", "[wire][faults]") {
    for (const std::string& bytes : {small_content, content}) {
        const std::string publishing = bytes == content ? "CompleteMultipartUpload" : "PutObject";
        for (const Retries retries : {Retries::on, Retries::off}) {
            for (const bool create_only : {true, false}) {
                INFO(publishing << (create_only ? " create" : " swap"));
                ModelS3 server;
                S3Client client = open_small(options_for(server, retries));
                S3Conditions conditions;
                create_only ? conditions.if_none_match = "*" : conditions.if_match = "0123456789abcdef";
                server.store("key", other_bytes);
                FaultPlan plan;
                plan.decide = [publishing, lost = false](const ModelRequest& request,
                                                         std::size_t) mutable -> std::optional<RequestFault> {
                    const bool loses = !lost && request.operation() == publishing;
                    lost = lost || loses;
                    return loses ? std::optional(RequestFault::swallowed_answer) : std::nullopt;
                };
                server.set(std::move(plan));
                const auto stored = put(client, bytes, conditions);
                CHECK(server.fired() == 1);
                REQUIRE_FALSE(stored.ok());
                INFO(stored.error().message());
                const ErrorCode refused =
                    create_only ? ErrorCode::already_exists : ErrorCode::precondition_failed;
                // Without retries only a kept connection tells: there the HTTP library asks again.
                const bool is_unknown = retries == Retries::off && bytes == small_content;
                CHECK(stored.error().code() == (is_unknown ? ErrorCode::outcome_unknown : refused));
                CHECK(server.object("key") == other_bytes);
                CHECK(server.uploads() == 0);
            }
        }
    }
}

TEST_CASE("a condition that fails without a lost answer is asked for once", "[wire][faults]") {
    ModelS3 server;
    server.store("key", other_bytes);
    S3Client client = open_small(options_for(server, Retries::on));
    warm_up(client, 1);
    server.set({});
    const auto stored = put(client, small_content, {{}, "*", {}, {}});
    REQUIRE_FALSE(stored.ok());
    CHECK(stored.error().code() == ErrorCode::already_exists);
    CHECK(server.operations() == std::vector<std::string>{"PutObject"});
}

TEST_CASE("an upload that is cancelled when it has been published is no failure", "[wire][faults]") {
    for (const bool always_aborts : {false, true}) {
        for (const bool resumable : {false, true}) {
            ModelS3 server;
            S3Client client = open_small(options_for(server, Retries::on));
            std::stop_source stop;
            server.set(cancelling(stop, always_aborts));
            S3PutRequest request = put_of("key", source_from_string(content));
            request.call.cancel = stop.get_token();
            if (resumable) {
                request.on_resume_token = [](const std::string&) { return Result<void>(); };
            }
            const auto stored = client.put(std::move(request));
            CHECK(server.fired() == 1);
            INFO((stored.ok() ? "stored" : stored.error().message()));
            CHECK(stored.ok());
            CHECK(server.object("key") == content);
            CHECK(server.uploads() == 0);
        }
    }
}

TEST_CASE("an upload that is cancelled while it is published, and whose ETag tells nothing",
          "[wire][faults]") {
    for (const bool always_aborts : {false, true}) {
        ModelS3 server;
        S3Client client = open_small(options_for(server, Retries::on));
        std::stop_source stop;
        FaultPlan plan = cancelling(stop, always_aborts);
        plan.before = [before = plan.before](const ModelRequest& next, ModelStore& store) {
            before(next, store);
            if (store.objects.contains("key")) {
                store.objects["key"].etag = "\"no hash of anything\"";
            }
        };
        server.set(std::move(plan));
        S3PutRequest request = put_of("key", source_from_string(content));
        request.encryption.kind = S3Encryption::Kind::kms;
        request.call.cancel = stop.get_token();
        const auto stored = client.put(std::move(request));
        CHECK(server.fired() == 1);
        REQUIRE_FALSE(stored.ok());
        INFO(stored.error().message());
        CHECK(stored.error().code() == ErrorCode::outcome_unknown);
        CHECK(server.object("key") == content);
        CHECK(server.uploads() == 0);
    }
}

TEST_CASE("an upload that is cancelled before it is published leaves the older object, and says so",
          "[wire][faults]") {
    ModelS3 server;
    server.store("key", "what was there before");
    S3Client client = open_small(options_for(server, Retries::on));
    std::stop_source stop;
    FaultPlan plan = cancelling(stop, true);
    plan.before = [before = plan.before](const ModelRequest& next, ModelStore& store) {
        before(next, store);
        if (next.operation() == "CompleteMultipartUpload") {
            store.uploads.clear();
        }
    };
    server.set(std::move(plan));
    S3PutRequest request = put_of("key", source_from_string(content));
    request.call.cancel = stop.get_token();
    const auto stored = client.put(std::move(request));
    REQUIRE_FALSE(stored.ok());
    INFO(stored.error().message());
    CHECK(stored.error().code() == ErrorCode::cancelled);
    CHECK(server.object("key") == "what was there before");
}

TEST_CASE("an object that the bucket encrypts is known by its checksum, or not at all", "[wire][faults]") {
    for (const std::string& bytes : {small_content, content}) {
        const std::string publishing = bytes == content ? "CompleteMultipartUpload" : "PutObject";
        for (const bool keeps_checksums : {false, true}) {
            for (const bool is_taken : {false, true}) {
                INFO(publishing << (keeps_checksums ? " with" : " without") << " checksums"
                                << (is_taken ? ", taken" : ""));
                ModelS3 server;
                S3ClientOptions options = options_for(server, Retries::on);
                options.checksum_mode = S3ChecksumMode::header;
                S3Client client = open_small(std::move(options));
                if (is_taken) {
                    server.store("key", other_bytes);
                }
                server.set(encrypting(losing(publishing, Meanwhile::nothing), keeps_checksums));
                const auto stored = put(client, bytes, {{}, "*", {}, {}});
                CHECK(server.fired() == 1);
                CHECK(server.object("key") == (is_taken ? other_bytes : bytes));
                const ErrorCode code = stored.ok() ? ErrorCode::ok : stored.error().code();
                const ErrorCode told = is_taken ? ErrorCode::already_exists : ErrorCode::ok;
                CHECK(code == (keeps_checksums ? told : ErrorCode::outcome_unknown));
            }
        }
    }
}

TEST_CASE("a conditional removal whose answer was lost", "[wire][faults]") {
    for (const Meanwhile meanwhile : {Meanwhile::nothing, Meanwhile::overwritten}) {
        ModelS3 server;
        server.store("key", small_content);
        S3ClientOptions options = options_for(server, Retries::on);
        options.profile = "aws";
        options.addressing = S3Addressing::path;
        S3Client client = open_small(std::move(options));
        S3ObjectRequest request = object_named("key");
        request.conditions.if_match = client.head(request)->etag;
        FaultPlan plan = losing("DeleteObject", Meanwhile::nothing);
        plan.before = [meanwhile, seen = 0](const ModelRequest&, ModelStore& store) mutable {
            if (++seen == 2 && meanwhile == Meanwhile::overwritten) {
                ModelRequest other;
                other.method = "PUT";
                other.key = "key";
                other.body = other_bytes;
                CHECK(store.answer(other).status == 200);
            }
        };
        server.set(std::move(plan));
        const auto removed = client.remove(request);
        CHECK(server.fired() == 1);
        if (meanwhile == Meanwhile::nothing) {
            CHECK(removed.ok());
            CHECK_FALSE(server.object("key"));
        } else {
            REQUIRE_FALSE(removed.ok());
            CHECK(removed.error().code() == ErrorCode::outcome_unknown);
            CHECK(server.object("key") == other_bytes);
        }
    }
}
