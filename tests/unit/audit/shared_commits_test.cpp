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
    std::vector<Outlives> transactions;
    std::atomic<int> begun{0};
    std::atomic<bool> is_held{true};
    bool can_begin = true;
    SharedCommits commits{[this](const SharedCommits::Work& all, Outlives outlives) {
        written.clear();
        transactions.push_back(outlives);
        const auto done =
            can_begin ? all() : Result<void>(Error(ErrorCode::unavailable, "as the test wants"));
        ++begun;
        // The first one is committed once the others wait.
        CHECK(eventually([&] { return !is_held; }));
        if (done.ok()) {
            stored.merge(written);
        }
        return done;
    }};

    Result<void> add(int number, const Result<void>& outcome, Outlives outlives = Outlives::process) {
        return commits.run(
            [&, number] {
                written.insert(number);
                return outcome;
            },
            outlives);
    }
};

/// Adds 0, and then, while that is committed, 1 to `count` by as many threads, of which number 2 comes to `outcome`. What each came to.
std::vector<ErrorCode> add_together(Numbers& numbers, int count, const Result<void>& outcome) {
    std::vector<ErrorCode> codes(static_cast<std::size_t>(count) + 1);
    std::vector<std::thread> threads;
    for (int number = 0; number <= count; ++number) {
        threads.emplace_back([&, number] {
            codes[static_cast<std::size_t>(number)] =
                code_of(numbers.add(number, number == 2 ? outcome : Result<void>()));
        });
        const auto waiting = static_cast<std::size_t>(number);
        CHECK(eventually([&] { return numbers.begun == 1 && numbers.commits.waiting() == waiting; }));
    }
    numbers.is_held = false;
    for (std::thread& thread : threads) {
        thread.join();
    }
    return codes;
}

/// Adds 1, and, while it is about that, 2 by another thread.
void add_meanwhile(Numbers& numbers, Outlives first, Outlives second, const Result<void>& outcome_of_first) {
    numbers.is_held = false;
    std::thread joining;
    const auto added = numbers.commits.run(
        [&] {
            if (!joining.joinable()) {
                joining = std::thread([&] { CHECK(numbers.add(2, {}, second).ok()); });
                CHECK(eventually([&] { return numbers.commits.waiting() == 1; }));
            }
            numbers.written.insert(1);
            return outcome_of_first;
        },
        first);
    CHECK(code_of(added) == code_of(outcome_of_first));
    joining.join();
}

}  // namespace

TEST_CASE("threads that write at the same time share one transaction", "[audit]") {
    Numbers numbers;
    const auto codes = add_together(numbers, 5, {});
    CHECK(codes == std::vector<ErrorCode>(6, ErrorCode::ok));
    CHECK(numbers.transactions.size() == 2);
    CHECK(numbers.stored == std::set<int>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("who comes before a transaction is committed joins it", "[audit]") {
    Numbers numbers;
    const Outlives both = GENERATE(Outlives::process, Outlives::power_loss);
    add_meanwhile(numbers, both, both, {});
    CHECK(numbers.transactions == std::vector{both});
    CHECK(numbers.stored == std::set<int>{1, 2});
}

TEST_CASE("work that need not outlive a power loss joins what does", "[audit]") {
    Numbers numbers;
    add_meanwhile(numbers, Outlives::power_loss, Outlives::process, {});
    CHECK(numbers.transactions == std::vector{Outlives::power_loss});
    CHECK(numbers.stored == std::set<int>{1, 2});
}

TEST_CASE("work that is to outlive a power loss joins nothing that does not", "[audit]") {
    Numbers numbers;
    add_meanwhile(numbers, Outlives::process, Outlives::power_loss, {});
    CHECK(numbers.transactions == std::vector{Outlives::process, Outlives::power_loss});
    CHECK(numbers.stored == std::set<int>{1, 2});
}

TEST_CASE("who comes while a transaction fails is not kept from being written", "[audit]") {
    Numbers numbers;
    add_meanwhile(numbers, Outlives::process, Outlives::process, Error(ErrorCode::io, "as the test wants"));
    CHECK(numbers.stored == std::set<int>{2});
}

TEST_CASE("transactions of threads that come at any time lose nothing", "[audit]") {
    constexpr int threads_at_once = 8;
    constexpr int of_each = 500;
    Numbers numbers;
    numbers.is_held = false;
    std::atomic<int> wrong{0};
    const auto add_some = [&](int thread) {
        for (int i = 0; i < of_each; ++i) {
            const int number = thread * of_each + i;
            const bool fails = number % 7 == 0;
            const auto added =
                numbers.add(number, fails ? Error(ErrorCode::io, "as the test wants") : Result<void>(),
                            number % 5 == 0 ? Outlives::power_loss : Outlives::process);
            wrong += added.ok() == fails ? 1 : 0;
        }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < threads_at_once; ++thread) {
        threads.emplace_back(add_some, thread);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(wrong == 0);
    std::set<int> expected;
    for (int number = 0; number < threads_at_once * of_each; ++number) {
        if (number % 7 != 0) {
            expected.insert(number);
        }
    }
    CHECK(numbers.stored == expected);
}

TEST_CASE("one that fails does not keep those from being written that shared its transaction", "[audit]") {
    Numbers numbers;
    const auto codes = add_together(numbers, 4, Error(ErrorCode::io, "as the test wants"));
    CHECK(codes ==
          std::vector<ErrorCode>{ErrorCode::ok, ErrorCode::ok, ErrorCode::io, ErrorCode::ok, ErrorCode::ok});
    CHECK(numbers.stored == std::set<int>{0, 1, 3, 4});
}

TEST_CASE("a transaction that cannot be begun is tried once for all that wait for it", "[audit]") {
    Numbers numbers;
    numbers.can_begin = false;
    std::vector<std::thread> threads;
    std::atomic<int> refused{0};
    for (int number = 0; number < 5; ++number) {
        threads.emplace_back(
            [&, number] { refused += code_of(numbers.add(number, {})) == ErrorCode::unavailable ? 1 : 0; });
        const auto entries = static_cast<std::size_t>(number) + 1;
        CHECK(eventually([&] { return numbers.begun == 1 && numbers.commits.waiting() == entries; }));
    }
    numbers.is_held = false;
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(refused == 5);
    CHECK(numbers.transactions.size() == 1);
    numbers.can_begin = true;
    CHECK(numbers.add(7, {}).ok());
    CHECK(numbers.stored == std::set<int>{7});
}

TEST_CASE("work that throws for lack of memory fails", "[audit]") {
    Numbers numbers;
    numbers.is_held = false;
    const SharedCommits::Work without_memory = []() -> Result<void> { throw std::bad_alloc(); };
    CHECK(code_of(numbers.commits.run(without_memory, Outlives::process)) == ErrorCode::no_memory);
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
