#include "core/pending_answer.h"

#include <catch2/catch.hpp>
#include <thread>

#include "support/answers.h"
#include "support/executors.h"

using namespace filestore;
using filestore::test::Answers;
using filestore::test::ManualExecutor;

namespace {

/// Takes no task.
class FullExecutor final : public Executor {
public:
    void post(std::function<void()>) override { throw std::bad_alloc(); }
};

struct Fixture {
    std::shared_ptr<PendingCalls> calls = std::make_shared<PendingCalls>();
    Answers<int> answers;
    PendingAnswerPtr<int> answer = begin_call<int>(*calls, {}, answers.next());
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the first answer stands", "[pending_answer]") {
    answer->give(1);
    answer->give(2);
    REQUIRE(answers.count() == 1);
    CHECK(*answers.wait_for_one() == 1);
    CHECK(answers.all_on_library_threads());
}

TEST_CASE_METHOD(Fixture, "the call ends with its answer", "[pending_answer]") {
    answer->give(1);
    CHECK(calls->close());
}

TEST_CASE_METHOD(Fixture, "a call that is kept ends with the answer that is dropped", "[pending_answer]") {
    answer->give_and_keep(1);
    CHECK(answers.count() == 1);
    std::jthread later([own = answer] { own->give(2); });
    CHECK(calls->close());
    CHECK(answers.count() == 1);
}

TEST_CASE_METHOD(Fixture, "an answer is given on the executor, once", "[pending_answer]") {
    ManualExecutor executor;
    answer->post(executor, 1);
    answer->post(executor, 2);
    CHECK(answers.count() == 0);
    executor.run_all();
    REQUIRE(answers.count() == 1);
    CHECK(*answers.wait_for_one() == 1);
}

TEST_CASE_METHOD(Fixture, "an executor that takes no task does not lose the answer", "[pending_answer]") {
    FullExecutor executor;
    answer->post(executor, 1);
    REQUIRE(answers.count() == 1);
    CHECK(*answers.wait_for_one() == 1);
    CHECK(answers.all_on_library_threads());
}

TEST_CASE_METHOD(Fixture, "a step without memory ends its call", "[pending_answer]") {
    ManualExecutor executor;
    step_of(*answer, executor, [] { throw std::bad_alloc(); });
    executor.run_all();
    CHECK(answers.wait_for_one().error().code() == ErrorCode::no_memory);
}

TEST_CASE("a call on what is closed is refused on a library thread", "[pending_answer]") {
    const auto calls = std::make_shared<PendingCalls>();
    calls->close();
    Answers<int> answers;
    CHECK(begin_call<int>(*calls, {}, answers.next()) == nullptr);
    CHECK(answers.wait_for_one().error().code() == ErrorCode::cancelled);
    CHECK(answers.all_on_library_threads());
}
