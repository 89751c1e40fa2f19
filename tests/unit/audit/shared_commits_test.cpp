#include "audit/shared_commits.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "audit/catalogue.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// A transaction of numbers: those that were added by one that failed are taken away again.
struct Numbers {
    std::set<int> stored;
    std::set<int> written;
    std::atomic<int> transactions{0};
    std::atomic<bool> is_held{true};
    SharedCommits commits{[this](const SharedCommits::Work& all) {
        written.clear();
        ++transactions;
        // The first one goes on once the others wait.
        CHECK(eventually([&] { return !is_held; }));
        const auto done = all();
        if (done.ok()) {
            stored.merge(written);
        }
        return done;
    }};

    Result<void> add(int number, const Result<void>& outcome) {
        return commits.run([&, number] {
            written.insert(number);
            return outcome;
        });
    }
};

/// Adds 0, and then, while that is under way, 1 to `count` by as many threads, of which number 2 comes to `outcome`. What each came to.
std::vector<ErrorCode> add_together(Numbers& numbers, int count, const Result<void>& outcome) {
    std::vector<ErrorCode> codes(static_cast<std::size_t>(count) + 1);
    std::vector<std::thread> threads;
    for (int number = 0; number <= count; ++number) {
        threads.emplace_back([&, number] {
            codes[static_cast<std::size_t>(number)] =
                code_of(numbers.add(number, number == 2 ? outcome : Result<void>()));
        });
        const auto waiting = static_cast<std::size_t>(number);
        CHECK(eventually([&] { return numbers.transactions == 1 && numbers.commits.waiting() == waiting; }));
    }
    numbers.is_held = false;
    for (std::thread& thread : threads) {
        thread.join();
    }
    return codes;
}

}  // namespace

TEST_CASE("threads that write at the same time share one transaction", "[audit]") {
    Numbers numbers;
    const auto codes = add_together(numbers, 5, {});
    CHECK(codes == std::vector<ErrorCode>(6, ErrorCode::ok));
    CHECK(numbers.transactions == 2);
    CHECK(numbers.stored == std::set<int>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("one that fails does not keep those from being written that shared its transaction", "[audit]") {
    Numbers numbers;
    const auto codes = add_together(numbers, 4, Error(ErrorCode::io, "as the test wants"));
    CHECK(codes ==
          std::vector<ErrorCode>{ErrorCode::ok, ErrorCode::ok, ErrorCode::io, ErrorCode::ok, ErrorCode::ok});
    CHECK(numbers.stored == std::set<int>{0, 1, 3, 4});
}

TEST_CASE("work that throws for lack of memory fails", "[audit]") {
    Numbers numbers;
    numbers.is_held = false;
    CHECK(code_of(numbers.commits.run([]() -> Result<void> { throw std::bad_alloc(); })) ==
          ErrorCode::no_memory);
    CHECK(code_of(numbers.add(1, {})) == ErrorCode::ok);
}

TEST_CASE("what many threads record at once is all recorded", "[audit]") {
    const TemporaryDirectory directory;
    const auto catalogue = Catalogue::open(directory.file("c.sqlite")).value();
    std::atomic<int> failures{0};
    const auto record = [&] {
        for (int i = 0; i < 20; ++i) {
            Intent intent;
            intent.id = FileId::generate().value();
            const auto number = catalogue->begin(intent);
            intent.number = number.ok() ? *number : 0;
            failures += number.ok() && catalogue->complete(intent, Timestamp(std::chrono::seconds(i))).ok() &&
                                *catalogue->is_stored(intent.id)
                            ? 0
                            : 1;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back(record);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(failures == 0);
    CHECK(catalogue->stored_after(FileId(), 1000)->size() == 160);
}
