#include "audit/delivery_rounds.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace filestore;
using postgrest::Refusal;
using postgrest::Refused;

namespace {

/// What the server makes of a row.
enum class Fate {
    good,
    /// A trigger has a code for it that passes by itself.
    for_now,
    /// Something before the table refuses what holds it, for now.
    for_now_of_the_server,
    /// A trigger has a code for it that the database has for all.
    lasting,
    /// A constraint is against it.
    bad,
};

std::optional<Refused> refusal_of(Fate fate) {
    const auto refused = [](Refusal refusal, bool perhaps_of_a_row) {
        return Refused{refusal, Error(ErrorCode::rejected, "no"), {}, perhaps_of_a_row};
    };
    switch (fate) {
        case Fate::good:
            return std::nullopt;
        case Fate::for_now:
            return refused(Refusal::for_now, true);
        case Fate::for_now_of_the_server:
            return refused(Refusal::for_now, false);
        case Fate::lasting:
            return refused(Refusal::of_permission, true);
        case Fate::bad:
            return refused(Refusal::of_a_row, false);
    }
    return std::nullopt;
}

/// An outbox and a server that answers a request with what it has against the first of its rows that it has something against.
class Model final : public RoundsHost {
public:
    explicit Model(const std::vector<Fate>& rows, std::vector<bool> changes = {}) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            add(rows[i], i < changes.size() && changes[i]);
        }
    }

    void add(Fate fate, bool is_change) {
        OutboxEntry entry;
        entry.number = static_cast<std::int64_t>(fates.size() + 1);
        if (is_change) {
            entry.row.deleted_at = Timestamp(std::chrono::seconds(1));
        }
        fates[entry.number] = fate;
        outbox_.emplace(entry.number, entry);
    }

    Result<std::vector<OutboxEntry>> take(std::int64_t behind, std::size_t most) override {
        std::vector<OutboxEntry> taken;
        for (auto at = outbox_.upper_bound(behind); at != outbox_.end() && taken.size() < most; ++at) {
            taken.push_back(at->second);
        }
        return taken;
    }

    std::vector<Verdict> tell(std::span<const OutboxEntry> entries) override {
        ++requests;
        std::vector<Verdict> verdicts(2);
        for (const OutboxEntry& entry : entries) {
            const Writing by = entry.row.deleted_at ? Writing::change : Writing::insert;
            Verdict& verdict = verdicts[by == Writing::change ? 1 : 0];
            verdict.by = by;
            verdict.entries.push_back(entry);
            if (!verdict.refused) {
                verdict.refused = is_down ? refusal_of(down_with) : refusal_of(fates.at(entry.number));
            }
        }
        std::erase_if(verdicts, [](const Verdict& verdict) { return verdict.entries.empty(); });
        return verdicts;
    }

    bool takes_a_row() override {
        ++requests;
        return !is_down;
    }

    Result<void> settle(const Delivery& delivery) override {
        for (const OutboxEntry& entry : delivery.delivered) {
            told.insert(entry.number);
            REQUIRE(outbox_.erase(entry.number) == 1);
        }
        for (const RefusedEntry& refused : delivery.refused) {
            parked.insert(refused.entry.number);
            REQUIRE(outbox_.erase(refused.entry.number) == 1);
        }
        return {};
    }

    bool goes_on() override { return true; }
    bool has_news() override { return false; }
    std::chrono::steady_clock::time_point now() override { return time; }

    std::set<std::int64_t> all(std::initializer_list<Fate> of) const {
        std::set<std::int64_t> numbers;
        for (const auto& [number, fate] : fates) {
            if (std::find(of.begin(), of.end(), fate) != of.end()) {
                numbers.insert(number);
            }
        }
        return numbers;
    }

    [[nodiscard]] std::set<std::int64_t> pending() const {
        std::set<std::int64_t> numbers;
        for (const auto& [number, entry] : outbox_) {
            numbers.insert(number);
        }
        return numbers;
    }

    std::map<std::int64_t, Fate> fates;
    std::set<std::int64_t> told;
    std::set<std::int64_t> parked;
    int requests = 0;
    bool is_down = false;
    Fate down_with = Fate::for_now;
    std::chrono::steady_clock::time_point time{};

private:
    std::map<std::int64_t, OutboxEntry> outbox_;
};

/// Rounds with a pause between them that is longer than any of theirs.
class Runner {
public:
    explicit Runner(Model& model) : model_(model) {}

    RoundOutcome run(int times = 1) {
        RoundOutcome outcome;
        for (int round = 0; round < times; ++round) {
            model_.time += std::chrono::hours(1);
            auto ended = rounds_.run(model_, {});
            REQUIRE(ended.ok());
            outcome = std::move(*ended);
        }
        return outcome;
    }

private:
    Model& model_;
    DeliveryRounds rounds_;
};

std::vector<Fate> repeated(std::size_t count, Fate fate) {
    return std::vector<Fate>(count, fate);
}

std::vector<Fate> joined(std::vector<Fate> first, const std::vector<Fate>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

std::vector<Fate> random_rows(std::minstd_rand& random, std::size_t count, const std::vector<Fate>& kinds,
                              std::size_t percent_good) {
    std::vector<Fate> rows;
    for (std::size_t i = 0; i < count; ++i) {
        rows.push_back(random() % 100 < percent_good ? Fate::good : kinds[random() % kinds.size()]);
    }
    return rows;
}

}  // namespace

TEST_CASE("a row that fails for now and one that fails for good keep no other waiting", "[audit]") {
    const bool first = GENERATE(true, false);
    std::vector<Fate> rows{Fate::for_now, Fate::lasting};
    if (first) {
        std::swap(rows[0], rows[1]);
    }
    Model model(joined(rows, repeated(30, Fate::good)));
    Runner runner(model);
    const RoundOutcome outcome = runner.run();
    CHECK(model.told == model.all({Fate::good}));
    CHECK(model.parked == model.all({Fate::lasting}));
    CHECK(model.pending() == model.all({Fate::for_now}));
    REQUIRE(outcome.stopped);
    CHECK(outcome.stopped->refusal == Refusal::for_now);
    CHECK(outcome.next_try);
    CHECK_FALSE(outcome.is_done);
}

TEST_CASE("rows of every fate, in any order: the good are told, the bad are parked, and the others wait",
          "[audit]") {
    const auto seed = GENERATE(range(1U, 201U));
    std::minstd_rand random(seed);
    const std::vector<std::vector<Fate>> choices{
        {Fate::for_now, Fate::lasting, Fate::bad},
        {Fate::for_now},
        {Fate::for_now, Fate::lasting, Fate::bad, Fate::for_now_of_the_server},
        {Fate::for_now_of_the_server, Fate::lasting}};
    const auto& kinds = choices[random() % choices.size()];
    const bool pass_the_table =
        std::find(kinds.begin(), kinds.end(), Fate::for_now_of_the_server) == kinds.end();
    const std::size_t count = 2 + random() % (seed % 10 == 0 ? 1200 : 60);
    auto rows = random_rows(random, count, kinds, 1 + random() % 99);
    std::vector<bool> changes(rows.size());
    std::generate(changes.begin(), changes.end(), [&] { return seed % 2 == 0 && random() % 2 == 0; });
    // One of each that is taken, or nobody could tell which is at fault.
    for (const bool is_change : {true, false}) {
        const auto place = static_cast<std::ptrdiff_t>(random() % rows.size());
        rows.insert(rows.begin() + place, Fate::good);
        changes.insert(changes.begin() + place, is_change);
    }
    CAPTURE(seed, rows.size());
    Model model(rows, changes);
    Runner runner(model);
    int rounds = 0;
    const auto good = model.all({Fate::good});
    while (model.told != good && rounds < 5000) {
        runner.run();
        ++rounds;
    }
    CHECK(model.told == good);
    CHECK(rounds <= (pass_the_table ? 20 : 20 + 2 * static_cast<int>(rows.size())));
    if (pass_the_table) {
        for (int round = 0; round < 3; ++round) {
            model.add(Fate::good, false);
            model.add(Fate::good, true);
            runner.run();
        }
        CHECK(model.parked == model.all({Fate::lasting, Fate::bad}));
        CHECK(model.pending() == model.all({Fate::for_now}));
    }
    const auto to_park = model.all({Fate::lasting, Fate::bad});
    CHECK(std::includes(to_park.begin(), to_park.end(), model.parked.begin(), model.parked.end()));

    for (auto& [number, fate] : model.fates) {
        fate = Fate::good;
    }
    runner.run(10);
    CHECK(model.pending().empty());
}

TEST_CASE("what a few batches of refused changes keep waiting is told in the same round", "[audit]") {
    constexpr std::size_t count = 2000;
    const Fate fate = GENERATE(Fate::bad, Fate::lasting);
    auto rows = repeated(count, fate);
    rows.push_back(Fate::good);
    std::vector<bool> changes(count, true);
    changes.push_back(false);
    Model model(rows, changes);
    Runner runner(model);
    const RoundOutcome outcome = runner.run();
    CHECK(model.told == model.all({Fate::good}));
    CHECK(model.parked.empty());
    CHECK(model.requests < 60);
    REQUIRE(outcome.stopped);
    CHECK_FALSE(outcome.is_done);
}

TEST_CASE("changes of which a server takes none are soon left alone", "[audit]") {
    constexpr std::size_t count = 20'000;
    Model model(repeated(count, Fate::bad), std::vector<bool>(count, true));
    Runner runner(model);
    for (int round = 0; round < 5; ++round) {
        const int before = model.requests;
        runner.run();
        CHECK(model.requests - before < 130);
    }
    CHECK(model.parked.empty());
}

TEST_CASE("a server that is down for all is soon left alone, and told all once it is back", "[audit]") {
    const auto down_with = GENERATE(Fate::for_now, Fate::for_now_of_the_server, Fate::lasting, Fate::bad);
    const std::size_t count = GENERATE(1U, 3U, 40U, 2000U);
    Model model(repeated(count, Fate::good));
    model.is_down = true;
    model.down_with = down_with;
    Runner runner(model);
    for (int round = 0; round < 30; ++round) {
        const int before = model.requests;
        const RoundOutcome outcome = runner.run();
        CHECK(model.requests - before <= (down_with == Fate::for_now_of_the_server ? 1 : 16));
        REQUIRE(outcome.stopped);
        CHECK((outcome.stopped->refusal == Refusal::for_now) ==
              (down_with == Fate::for_now || down_with == Fate::for_now_of_the_server));
    }
    CHECK(model.parked.empty());
    CHECK(model.pending().size() == count);
    model.is_down = false;
    const int before = model.requests;
    CHECK(runner.run().is_done);
    CHECK(model.told.size() == count);
    CHECK(model.requests - before < 40);
}

TEST_CASE("what fails for now by itself is tried again after pauses that grow", "[audit]") {
    Model model({Fate::for_now, Fate::good});
    DeliveryRounds rounds;
    std::vector<std::chrono::milliseconds> pauses;
    for (int round = 0; round < 12; ++round) {
        const auto outcome = rounds.run(model, {});
        REQUIRE(outcome.ok());
        REQUIRE(outcome->next_try);
        pauses.push_back(std::chrono::ceil<std::chrono::milliseconds>(*outcome->next_try - model.time));
        const int before = model.requests;
        model.time = *outcome->next_try - std::chrono::milliseconds(1);
        REQUIRE(rounds.run(model, {}).ok());
        CHECK(model.requests == before);
        model.time += std::chrono::milliseconds(1);
    }
    CHECK(pauses.front() <= std::chrono::milliseconds(250));
    CHECK(pauses.back() >= std::chrono::seconds(30));
    CHECK(pauses.back() <= std::chrono::seconds(60));
    REQUIRE(rounds.run(model, {}).ok());
    const int before = model.requests;
    model.time += std::chrono::seconds(1);
    SenderPauses while_somebody_waits;
    while_somebody_waits.longest = std::chrono::seconds(1);
    REQUIRE(rounds.run(model, while_somebody_waits).ok());
    CHECK(model.requests == before + 1);
}
