#include "power/trials.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>

namespace filestore::test {

namespace {

/// Of those that do not come first, also where no time is left for them.
constexpr std::size_t fewest_others = 8;
constexpr std::size_t problems_shown = 20;

std::string seed() {
    const char* given = std::getenv("FILESTORE_TEST_SEED");
    return given != nullptr ? given : "1";
}

std::string name_of(Durability durability) {
    switch (durability) {
        case Durability::full:
            return "full";
        case Durability::data:
            return "data";
        case Durability::none:
            return "none";
    }
    return {};
}

bool comes_first(const Trial& trial) {
    return trial.sequence.size() == 1 && trial.durability == Durability::full;
}

std::vector<Trial> all_trials() {
    std::vector<Trial> trials;
    for (const Sequence& sequence : all_sequences()) {
        for (const Durability durability : {Durability::full, Durability::data, Durability::none}) {
            const bool is_odd = trials.size() % 2 == 1;
            trials.push_back({sequence, durability, is_odd ? LocalLayout::sharded : LocalLayout::flat});
            if (sequence.size() == 1) {
                trials.push_back({sequence, durability, other_layout(trials.back().layout)});
            }
        }
    }
    const std::string text = seed();
    std::seed_seq numbers(text.begin(), text.end());
    std::mt19937 engine(numbers);
    std::shuffle(trials.begin(), trials.end(), engine);
    std::stable_partition(trials.begin(), trials.end(), comes_first);
    return trials;
}

}  // namespace

std::string describe(const Trial& trial) {
    const std::string layout = trial.layout == LocalLayout::sharded ? ", sharded: " : ": ";
    return "mode " + name_of(trial.durability) + layout + describe(trial.sequence);
}

void Tally::operator+=(const Tally& other) {
    trials += other.trials;
    points += other.points;
    states += other.states;
    problems.insert(problems.end(), other.problems.begin(), other.problems.end());
}

Tally run_trials(std::chrono::seconds time, const std::function<Tally(const Trial&)>& run) {
    const bool all = std::getenv("FILESTORE_TEST_LONG") != nullptr;
    const auto end = std::chrono::steady_clock::now() + time;
    Tally tally;
    std::size_t others = 0;
    for (const Trial& trial : all_trials()) {
        others += comes_first(trial) ? 0 : 1;
        if (!all && others > fewest_others && std::chrono::steady_clock::now() > end) {
            break;
        }
        tally += run(trial);
        ++tally.trials;
    }
    return tally;
}

void report(const std::string& what, const Tally& tally) {
    std::cout << what << ": " << tally.trials << " of " << all_trials().size() << " sequences in a mode, "
              << tally.points << " cut points, " << tally.states << " stores looked at, "
              << tally.problems.size() << " problems (seed " << seed() << ")" << std::endl;
    for (std::size_t i = 0; i < std::min(problems_shown, tally.problems.size()); ++i) {
        UNSCOPED_INFO(tally.problems[i]);
    }
    CHECK(tally.problems.empty());
    CHECK(tally.states > 0);
}

std::string scratch_directory() {
    return ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm"
                                                  : std::filesystem::temp_directory_path().string();
}

}  // namespace filestore::test
