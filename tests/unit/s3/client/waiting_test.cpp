#include <atomic>
#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "support/executors.h"

using namespace filestore;

namespace {

/// Counts what it is given.
class CountingExecutor final : public Executor {
public:
    void post(std::function<void()> task) override {
        ++posted;
        thread_.post(std::move(task));
    }

    std::atomic<int> posted = 0;

private:
    test::ThreadExecutor thread_;
};

S3ClientOptions options_with(const std::shared_ptr<Executor>& executor) {
    S3ClientOptions options;
    options.endpoint = "http://127.0.0.1:1";
    options.retry.max_attempts = 1;
    options.credentials.access_key = "key";
    options.credentials.secret_key = "secret";
    options.executor = executor;
    return options;
}

}  // namespace

TEST_CASE("a blocking call on S3 is answered on the thread that waits for it", "[s3][client]") {
    const auto executor = std::make_shared<CountingExecutor>();
    auto client = S3Client::open(options_with(executor)).value();
    CHECK(client.head({"bucket", "key"}).error().code() == ErrorCode::unavailable);
    CHECK(executor->posted == 0);
}
