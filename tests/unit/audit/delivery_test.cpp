#include "audit/delivery.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <vector>

using namespace filestore;
using postgrest::Refusal;
using postgrest::Refused;

namespace {

using Numbers = std::vector<std::int64_t>;

std::vector<OutboxEntry> entries(std::int64_t count) {
    std::vector<OutboxEntry> made(static_cast<std::size_t>(count));
    for (std::int64_t number = 1; number <= count; ++number) {
        made[static_cast<std::size_t>(number - 1)].number = number;
    }
    return made;
}

Refused refused_as(Refusal refusal, bool perhaps_of_a_row = false) {
    return {refusal, Error(ErrorCode::rejected, "no"), {}, perhaps_of_a_row};
}

std::vector<Verdict> verdict_on(std::span<const OutboxEntry> part, std::optional<Refused> refused) {
    return {{{part.begin(), part.end()}, std::move(refused)}};
}

/// Refuses whatever holds one of some entries.
class Server {
public:
    Server(std::set<std::int64_t> bad, Refusal refusal, bool perhaps_of_a_row = false)
        : bad_(std::move(bad)), refused_(refused_as(refusal, perhaps_of_a_row)) {}

    std::vector<Verdict> tell(std::span<const OutboxEntry> part) {
        ++requests;
        const bool refuses = std::any_of(
            part.begin(), part.end(), [&](const OutboxEntry& entry) { return bad_.contains(entry.number); });
        return verdict_on(part, refuses ? std::optional(refused_) : std::nullopt);
    }

    int requests = 0;

private:
    std::set<std::int64_t> bad_;
    Refused refused_;
};

/// Codes that a trigger may raise for a row, and the database for all.
Refusal of_either() {
    return GENERATE(Refusal::of_the_key, Refusal::of_permission, Refusal::of_the_table);
}

std::set<std::int64_t> up_to(std::int64_t last) {
    std::set<std::int64_t> numbers;
    for (std::int64_t number = 1; number <= last; ++number) {
        numbers.insert(number);
    }
    return numbers;
}

struct Outcome {
    Numbers delivered;
    Numbers refused;
    bool stopped;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

bool yes() {
    return true;
}

bool no() {
    return false;
}

Outcome outcome_of(Server& server, std::int64_t count) {
    const auto batch = entries(count);
    const Delivery delivery = deliver(
        batch, [&](auto part) { return server.tell(part); }, yes);
    Outcome outcome{{}, {}, delivery.stopped.has_value()};
    for (const OutboxEntry& entry : delivery.delivered) {
        outcome.delivered.push_back(entry.number);
    }
    for (const RefusedEntry& refused : delivery.refused) {
        outcome.refused.push_back(refused.entry.number);
    }
    return outcome;
}

}  // namespace

TEST_CASE("rows that are refused are found, and the others told in their order", "[audit]") {
    struct Case {
        std::int64_t count;
        std::set<std::int64_t> bad;
        Outcome outcome;
        int requests;
    };
    const auto example = GENERATE(values<Case>({
        {0, {}, {{}, {}, false}, 0},
        {1, {}, {{1}, {}, false}, 1},
        {4, {}, {{1, 2, 3, 4}, {}, false}, 1},
        {1, {1}, {{}, {1}, false}, 1},
        {4, {3}, {{1, 2, 4}, {3}, false}, 5},
        {5, {1, 5}, {{2, 3, 4}, {1, 5}, false}, 9},
        {3, {1, 2, 3}, {{}, {1, 2, 3}, false}, 5},
    }));
    const auto refusal = GENERATE(Refusal::of_a_row, Refusal::of_size);
    Server server(example.bad, refusal);
    CHECK(outcome_of(server, example.count) == example.outcome);
    CHECK(server.requests == example.requests);
}

TEST_CASE("one row among many takes two requests for every halving", "[audit]") {
    Server server({317}, Refusal::of_a_row);
    const Outcome outcome = outcome_of(server, 512);
    CHECK(outcome.refused == Numbers{317});
    CHECK(outcome.delivered.size() == 511);
    CHECK(server.requests == 1 + 2 * 9);
}

TEST_CASE("what says nothing of a row ends the batch and refuses none", "[audit]") {
    const auto refusal =
        GENERATE(Refusal::for_now, Refusal::of_the_key, Refusal::of_permission, Refusal::of_the_table);
    Server server({3}, refusal);
    CHECK(outcome_of(server, 4) == Outcome{{}, {}, true});
    CHECK(server.requests == 1);
}

TEST_CASE("a batch that ends early keeps what was told before", "[audit]") {
    const auto batch = entries(4);
    int calls = 0;
    const Delivery delivery = deliver(
        batch,
        [&](auto part) {
            ++calls;
            if (calls == 1) {
                return verdict_on(part, refused_as(Refusal::of_a_row));
            }
            return verdict_on(part, calls == 2 ? std::nullopt : std::optional(refused_as(Refusal::for_now)));
        },
        no);
    CHECK(delivery.delivered.size() == 2);
    CHECK(delivery.refused.empty());
    CHECK(delivery.stopped.has_value());
}

TEST_CASE("what fails for now leaves what else was told delivered", "[audit]") {
    const auto batch = entries(3);
    const std::span<const OutboxEntry> all(batch);
    const Delivery delivery = deliver(
        batch,
        [&](auto) {
            return std::vector<Verdict>{verdict_on(all.subspan(0, 1), refused_as(Refusal::for_now)).front(),
                                        verdict_on(all.subspan(1, 1), std::nullopt).front(),
                                        verdict_on(all.subspan(2, 1), refused_as(Refusal::of_a_row)).front()};
        },
        no);
    REQUIRE(delivery.delivered.size() == 1);
    CHECK(delivery.delivered[0].number == 2);
    REQUIRE(delivery.refused.size() == 1);
    CHECK(delivery.refused[0].entry.number == 3);
    CHECK(delivery.stopped->refusal == Refusal::for_now);
}

TEST_CASE("what does not pass by itself is told before what does", "[audit]") {
    const auto batch = entries(2);
    const std::span<const OutboxEntry> all(batch);
    const bool first = GENERATE(true, false);
    const Delivery delivery = deliver(
        batch,
        [&](auto) {
            const auto now = refused_as(Refusal::for_now);
            const auto key = refused_as(Refusal::of_the_key);
            return std::vector<Verdict>{verdict_on(all.first(1), first ? key : now).front(),
                                        verdict_on(all.last(1), first ? now : key).front()};
        },
        no);
    CHECK(delivery.stopped->refusal == Refusal::of_the_key);
}

TEST_CASE("what a trigger may have said is of a row where the table takes others", "[audit]") {
    Server server({3}, of_either(), true);
    CHECK(outcome_of(server, 4) == Outcome{{1, 2, 4}, {3}, false});
}

TEST_CASE("what a trigger may have said is not of the rows where the table takes none", "[audit]") {
    const std::int64_t count = GENERATE(1, 4, 9, 500);
    const Refusal refusal = of_either();
    Server server(up_to(count), refusal, true);
    const auto batch = entries(count);
    const Delivery delivery = deliver(
        batch, [&](auto part) { return server.tell(part); }, no);
    CHECK(delivery.delivered.empty());
    CHECK(delivery.refused.empty());
    REQUIRE(delivery.stopped);
    CHECK(delivery.stopped->refusal == refusal);
    CHECK(server.requests <= 9);
}

TEST_CASE("many rows that a trigger refuses one after the other keep no other waiting", "[audit]") {
    Server server(up_to(100), Refusal::of_the_key, true);
    const Outcome outcome = outcome_of(server, 500);
    CHECK(outcome.delivered.size() == 400);
    CHECK(outcome.refused.size() == 100);
    CHECK_FALSE(outcome.stopped);
}

TEST_CASE("a key that may not change rows is no fault of the deletions", "[audit]") {
    auto batch = entries(30);
    for (std::size_t i = 0; i < batch.size(); i += 2) {
        batch[i].row.deleted_at = Timestamp(std::chrono::seconds(1));
    }
    int requests = 0;
    const Delivery delivery = deliver(
        batch,
        [&](std::span<const OutboxEntry> part) {
            ++requests;
            std::vector<Verdict> verdicts(2);
            verdicts[1].refused = refused_as(Refusal::of_permission, true);
            verdicts[1].by = Writing::change;
            for (const OutboxEntry& entry : part) {
                verdicts[entry.row.deleted_at ? 1 : 0].entries.push_back(entry);
            }
            std::erase_if(verdicts, [](const Verdict& verdict) { return verdict.entries.empty(); });
            return verdicts;
        },
        no);
    CHECK(delivery.delivered.size() == 15);
    CHECK(delivery.refused.empty());
    REQUIRE(delivery.stopped);
    CHECK(delivery.stopped->refusal == Refusal::of_permission);
    CHECK(requests <= 9);
}

TEST_CASE("a deletion whose row is refused as a new one is judged as an upload is", "[audit]") {
    const bool takes_rows = GENERATE(true, false);
    auto batch = entries(20);
    for (OutboxEntry& entry : batch) {
        entry.row.deleted_at = Timestamp(std::chrono::seconds(1));
    }
    Server server(up_to(20), Refusal::of_a_row);
    const Delivery delivery = deliver(
        batch, [&](auto part) { return server.tell(part); }, [=] { return takes_rows; });
    CHECK(delivery.refused.size() == (takes_rows ? 20 : 0));
    CHECK(delivery.stopped.has_value() != takes_rows);
}

TEST_CASE("a deletion that came with its row says nothing of changes", "[audit]") {
    const auto batch = entries(2);
    const std::span<const OutboxEntry> all(batch);
    const Writing by = GENERATE(Writing::insert, Writing::change);
    const Delivery delivery = deliver(
        batch,
        [&](auto) {
            auto told = verdict_on(all.first(1), std::nullopt);
            told.front().by = by;
            auto refused = verdict_on(all.last(1), refused_as(Refusal::of_permission, true));
            refused.front().by = Writing::change;
            return std::vector<Verdict>{told.front(), refused.front()};
        },
        no);
    const bool takes_changes = by == Writing::change;
    CHECK(delivery.refused.size() == (takes_changes ? 1 : 0));
    CHECK(delivery.stopped.has_value() != takes_changes);
    CHECK(delivery.taken.inserts);
}

TEST_CASE("what a constraint says is of the table where that takes no row at all", "[audit]") {
    const std::int64_t count = GENERATE(1, 2, 8, 9, 500);
    Server server(up_to(count), Refusal::of_a_row);
    const auto batch = entries(count);
    int asked = 0;
    const Delivery delivery = deliver(
        batch, [&](auto part) { return server.tell(part); },
        [&] {
            ++asked;
            return false;
        });
    CHECK(delivery.delivered.empty());
    CHECK(delivery.refused.empty());
    REQUIRE(delivery.stopped);
    CHECK(delivery.stopped->refusal == Refusal::of_the_table);
    CHECK(delivery.stopped->error.code() == ErrorCode::configuration);
    CHECK(asked == 1);
    CHECK(server.requests <= 15);
}

TEST_CASE("a table that takes another row has nothing to do with those that it refuses", "[audit]") {
    const auto refusal = GENERATE(Refusal::of_a_row, Refusal::of_permission);
    Server server(up_to(20), refusal, refusal == Refusal::of_permission);
    const Outcome outcome = outcome_of(server, 20);
    CHECK(outcome.refused.size() == 20);
    CHECK_FALSE(outcome.stopped);
}

TEST_CASE("a table is not asked for a row where one was taken, or none was refused for good", "[audit]") {
    const auto batch = entries(20);
    int asked = 0;
    const AskForRow count = [&] {
        ++asked;
        return true;
    };
    Server some({3}, Refusal::of_a_row);
    CHECK(deliver(
              batch, [&](auto part) { return some.tell(part); }, count)
              .refused.size() == 1);
    Server none(up_to(20), Refusal::for_now, true);
    CHECK(deliver(
              batch, [&](auto part) { return none.tell(part); }, count)
              .refused.empty());
    CHECK(asked == 0);
}
