/// The Nth request of every operation fails, N = 1, 2, ... until there is none: with retries the operation succeeds, without it ends as it says it did.

#include <catch2/catch.hpp>
#include <functional>
#include <optional>

#include "support/random_bytes.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string small_content = random_bytes(50, 1);
const std::string content = random_bytes(2 * small_part + 10, 2);
const std::string old_bytes = "what was there before";

/// A server with some objects, and both clients on it.
struct Site {
    explicit Site(Retries retries) {
        server.store("old", old_bytes);
        server.store("large", content);
        server.store("small", small_content);
        server.with_store([](ModelStore& store) {
            store.objects["old"].tags = {{"a", "b"}};
            return store.uploads["left-behind"].key = "old";
        });
        S3ClientOptions options = options_for(server, retries);
        client.emplace(open_small(options));
        S3Options backend_options;
        static_cast<S3ClientOptions&>(backend_options) = std::move(options);
        backend_options.bucket = "bucket";
        backend_options.part_size = std::uint64_t{5} << 20U;
        backend = open_s3_backend(std::move(backend_options)).value();
        server.store(std::string(id_text), "");
        REQUIRE(backend->upload(upload_of(old_bytes)).ok());
        // So that a server that wants fewer requests is not taken for one that takes hardly any.
        for (int i = 0; i < 40; ++i) {
            REQUIRE(client->head(object_named("old")).ok());
            REQUIRE(backend->exists({some_id(), {}}).ok());
        }
    }

    ModelS3 server;
    std::optional<S3Client> client;
    std::shared_ptr<StorageBackend> backend;
};

/// An operation, and how its effect is seen. A value.
struct Case {
    std::string name;
    /// Checks what it answers, too.
    std::function<Result<void>(Site&)> run;
    std::function<bool(Site&)> is_done;
    std::function<bool(Site&)> is_undone;
};

template <class T>
Result<void> outcome_of(const Result<T>& result) {
    return result.ok() ? Result<void>() : Result<void>(result.error());
}

bool always(Site&) {
    return true;
}

Result<void> put(Site& site, const std::string& key, std::shared_ptr<Source> source) {
    return outcome_of(site.client->put(put_of(key, std::move(source))));
}

Result<void> get(Site& site, const std::string& key, const std::string& expected) {
    const auto sink = std::make_shared<BufferSink>();
    S3GetRequest request;
    request.bucket = "bucket";
    request.key = key;
    request.sink = sink;
    const auto got = site.client->get(std::move(request));
    CHECK((!got.ok() || sink->bytes() == expected));
    return outcome_of(got);
}

Result<void> copy(Site& site, const std::string& from, std::uint64_t threshold) {
    S3CopyRequest request;
    request.source_bucket = "bucket";
    request.source_key = from;
    request.bucket = "bucket";
    request.key = "copy";
    request.multipart_threshold = threshold;
    return outcome_of(site.client->copy(std::move(request)));
}

S3TagsRequest tags_of(std::vector<S3Field> tags) {
    S3TagsRequest request;
    request.bucket = "bucket";
    request.key = "old";
    request.tags = std::move(tags);
    return request;
}

std::size_t tag_count(Site& site) {
    return site.server.with_store(
        [](const ModelStore& store) { return store.objects.at("old").tags.size(); });
}

Case storing(std::string name, const std::string& key, const std::string& bytes,
             std::function<Result<void>(Site&)> run) {
    return {std::move(name), std::move(run),
            [key, bytes](Site& site) { return site.server.object(key) == bytes; },
            [key](Site& site) {
                const bool is_replaced = key == "old" || key == id_text;
                return site.server.object(key) == (is_replaced ? std::optional(old_bytes) : std::nullopt);
            }};
}

std::vector<Case> client_cases() {
    return {
        storing("put", "old", small_content,
                [](Site& site) { return put(site, "old", source_from_string(small_content)); }),
        storing("put in parts", "old", content,
                [](Site& site) { return put(site, "old", source_from_string(content)); }),
        storing("put of a stream in parts", "new", content,
                [](Site& site) { return put(site, "new", stream_of(content)); }),
        storing("copy", "copy", content, [](Site& site) { return copy(site, "large", content.size()); }),
        storing("copy in parts", "copy", content, [](Site& site) { return copy(site, "large", small_part); }),
        {"get", [](Site& site) { return get(site, "small", small_content); }, always, always},
        {"get in parts",
         [](Site& site) {
             site.server.store("long", content + content);
             return get(site, "long", content + content);
         },
         always, always},
        {"head",
         [](Site& site) {
             const auto info = site.client->head(object_named("large"));
             CHECK((!info.ok() || info->size == content.size()));
             return outcome_of(info);
         },
         always, always},
        {"head of nothing",
         [](Site& site) -> Result<void> {
             const auto info = site.client->head(object_named("nothing"));
             REQUIRE_FALSE(info.ok());
             return info.error().code() == ErrorCode::not_found ? Result<void>() : info.error();
         },
         always, always},
        {"remove", [](Site& site) { return outcome_of(site.client->remove(object_named("old"))); },
         [](Site& site) { return !site.server.object("old"); },
         [](Site& site) { return site.server.object("old").has_value(); }},
        {"remove_batch",
         [](Site& site) {
             S3RemoveBatchRequest request;
             request.bucket = "bucket";
             request.objects = {{"old", {}}, {"small", {}}};
             const auto removed = site.client->remove_batch(std::move(request));
             CHECK((!removed.ok() || (removed->at(0).result.ok() && removed->at(1).result.ok())));
             return outcome_of(removed);
         },
         [](Site& site) { return !site.server.object("old") && !site.server.object("small"); },
         [](Site& site) { return site.server.object("old") && site.server.object("small"); }},
        {"list",
         [](Site& site) {
             S3ListRequest request;
             request.bucket = "bucket";
             const auto page = site.client->list(std::move(request));
             CHECK((!page.ok() || page->objects.size() == 4));
             return outcome_of(page);
         },
         always, always},
        {"put_tags",
         [](Site& site) {
             return site.client->put_tags(tags_of({{"c", "d"}, {"e", "f"}}));
         },
         [](Site& site) { return tag_count(site) == 2; }, [](Site& site) { return tag_count(site) == 1; }},
        {"removal of tags", [](Site& site) { return site.client->put_tags(tags_of({})); },
         [](Site& site) { return tag_count(site) == 0; }, [](Site& site) { return tag_count(site) == 1; }},
        {"get_tags",
         [](Site& site) {
             const auto tags = site.client->get_tags(tags_of({}));
             CHECK((!tags.ok() || *tags == std::vector<S3Field>{{"a", "b"}}));
             return outcome_of(tags);
         },
         always, always},
    };
}

std::vector<Case> backend_cases() {
    return {
        storing("upload to the backend", std::string(id_text), small_content,
                [](Site& site) { return outcome_of(site.backend->upload(upload_of(small_content))); }),
        {"download from the backend",
         [](Site& site) {
             const auto sink = std::make_shared<BufferSink>();
             const auto got = site.backend->download(download_to(sink));
             CHECK((!got.ok() || sink->bytes() == old_bytes));
             return outcome_of(got);
         },
         always, always},
        {"removal from the backend",
         [](Site& site) {
             return outcome_of(site.backend->remove({some_id(), {}}));
         },
         [](Site& site) { return !site.server.object(std::string(id_text)); },
         [](Site& site) { return site.server.object(std::string(id_text)).has_value(); }},
        {"a list of the backend",
         [](Site& site) {
             const auto page = site.backend->list({});
             CHECK((!page.ok() || page->files.size() == 1));
             return outcome_of(page);
         },
         always, always},
    };
}

bool may_end_so(const Error& error, RequestFault fault) {
    switch (error.code()) {
        case ErrorCode::unavailable:
            // The answer to a HEAD has no body that would say more than its status.
            return fault != RequestFault::slow_down || error.details().server_code.empty();
        case ErrorCode::outcome_unknown:
            return fault != RequestFault::slow_down;
        case ErrorCode::rate_limited:
            return fault == RequestFault::slow_down;
        default:
            return false;
    }
}

/// `lost` uploads are such of which the client cannot know; one more is there from the beginning.
void check_leftovers(Site& site, std::size_t lost) {
    CHECK(site.server.uploads() == 1 + lost);
    S3SweepRequest sweep;
    sweep.bucket = "bucket";
    sweep.older_than = std::chrono::seconds(0);
    const auto swept = site.client->sweep_uploads(sweep);
    REQUIRE(swept.ok());
    CHECK(swept->size() == 1 + lost);
    CHECK(site.server.uploads() == 0);
}

/// False where the operation has no Nth request.
bool fail_nth(const Case& tested, std::size_t number, RequestFault fault, Retries retries) {
    Site site(retries);
    FaultPlan plan;
    plan.requests[number] = fault;
    site.server.set(std::move(plan));
    const auto outcome = tested.run(site);
    const bool came = site.server.operations().size() >= number;
    const bool fired = site.server.fired() > 0;
    const std::size_t lost_uploads = site.server.lost_uploads();
    site.server.set({});
    INFO((outcome.ok() ? "ok" : outcome.error().message()));
    if (outcome.ok()) {
        CHECK(tested.is_done(site));
    } else {
        CHECK(fired);
        CHECK(retries == Retries::off);
        CHECK(may_end_so(outcome.error(), fault));
        CHECK((tested.is_undone(site) || (fault == RequestFault::swallowed_answer && tested.is_done(site))));
    }
    CHECK(site.server.with_store([](const ModelStore& store) { return store.offences; }).empty());
    check_leftovers(site, lost_uploads);
    return came;
}

void fail_each(const std::vector<Case>& cases, Retries retries) {
    for (const Case& tested : cases) {
        for (const RequestFault fault :
             {RequestFault::internal_error, RequestFault::slow_down, RequestFault::reset,
              RequestFault::swallowed_answer, RequestFault::error_in_success}) {
            std::size_t number = 1;
            for (bool came = true; came; ++number) {
                INFO(tested.name << ", request " << number << ", fault " << static_cast<int>(fault));
                came = fail_nth(tested, number, fault, retries);
            }
            CHECK(number > 2);
        }
    }
}

}  // namespace

TEST_CASE("with retries every operation gets over one failed request", "[wire][faults]") {
    fail_each(client_cases(), Retries::on);
    fail_each(backend_cases(), Retries::on);
}

TEST_CASE("without retries a failed request ends every operation as it says", "[wire][faults]") {
    fail_each(client_cases(), Retries::off);
    fail_each(backend_cases(), Retries::off);
}

TEST_CASE("an upload whose abort cannot be sent is left to the sweep", "[wire][faults]") {
    for (const std::string other : {"", "other/"}) {
        ModelS3 server;
        S3Client client = open_small(options_for(server, Retries::off));
        FaultPlan plan;
        plan.stays_down = true;
        plan.requests[2] = RequestFault::reset;
        server.set(std::move(plan));
        const auto stored = client.put(put_of("key", source_from_string(content)));
        REQUIRE_FALSE(stored.ok());
        CHECK(stored.error().code() == ErrorCode::unavailable);
        CHECK(std::string(stored.error().message()).find("may be left") != std::string::npos);
        CHECK(server.uploads() == 1);

        server.set({});
        S3SweepRequest sweep;
        sweep.bucket = "bucket";
        sweep.prefix = other;
        sweep.older_than = std::chrono::hours(2);
        CHECK(client.sweep_uploads(sweep).value().empty());
        sweep.older_than = std::chrono::minutes(30);
        CHECK(client.sweep_uploads(sweep).value().size() == (other.empty() ? 1 : 0));
        CHECK(server.uploads() == (other.empty() ? 0 : 1));
        CHECK_FALSE(server.object("key"));
    }
}
