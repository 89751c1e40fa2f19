/// The calls of a sequence of operations are recorded, and the stores that a power cut may leave of them are made and looked at. Needs no
/// rights.

#include <catch2/catch.hpp>
#include <filesystem>

#include "power/check.h"
#include "power/driver.h"
#include "power/image.h"
#include "power/trace.h"
#include "power/trials.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

namespace fs = std::filesystem;

// Where real file systems cannot be cut, this takes their place.
constexpr std::chrono::seconds time_beside_real_cuts{20};
constexpr std::chrono::seconds time_alone{60};

/// A moment of the driver, and what it had been told by then. A value.
struct RecordedMoment {
    Moment moment;
    Ledger ledger;
};

std::vector<RecordedMoment> record(const Trial& trial, NameOrder order, const TemporaryDirectory& scratch) {
    const std::string root = scratch.file("recorded");
    fs::create_directory(root);
    prepare_store(root + "/store", trial);
    std::vector<RecordedMoment> moments;
    const std::string ledger_path = scratch.file("ledger");
    LedgerWriter ledger(ledger_path);
    bool armed = false;
    TraceRecorder recorder(root, order, [&](Moment moment) {
        if (armed) {
            moments.push_back({std::move(moment), read_ledger(ledger_path)});
        }
    });
    {
        const WatchedCalls watched(recorder, root);
        drive(root + "/store", trial, ledger,
              {[&] { armed = true; },
               [&] {
                   recorder.note("at the end");
                   armed = false;
               }});
    }
    fs::remove_all(root);
    return moments;
}

Tally replay_in(NameOrder order, const Trial& trial, const TemporaryDirectory& scratch) {
    Tally tally;
    for (const auto& [moment, ledger] : record(trial, order, scratch)) {
        ++tally.points;
        for (const Remains& remains : possible_remains(moment)) {
            const std::string root = scratch.file("replayed");
            make_directory_of(remains, root);
            for (const std::string& problem :
                 problems_after_cut(root + "/store", trial, ledger, order == NameOrder::of_each_directory)) {
                tally.problems.push_back("replayed, " + describe(trial) + "; cut " + moment.where + ": " +
                                         problem);
            }
            fs::remove_all(root);
            ++tally.states;
        }
    }
    return tally;
}

/// Without flushes of directories only their order keeps a file and its metadata together; a conversion moves files from directory to directory, and counts on that
/// it is done whole.
Tally replay(const Trial& trial, const TemporaryDirectory& scratch) {
    Tally tally = replay_in(NameOrder::of_all, trial, scratch);
    if (trial.durability == Durability::full && !converts(trial.sequence)) {
        tally += replay_in(NameOrder::of_each_directory, trial, scratch);
    }
    return tally;
}

}  // namespace

TEST_CASE("what a store promises outlives every loss that its calls allow", "[power][replay]") {
    const TemporaryDirectory scratch(scratch_directory());
    const auto time = Image::obstacle().empty() ? time_beside_real_cuts : time_alone;
    report("replayed traces", run_trials(time, [&](const Trial& trial) { return replay(trial, scratch); }));
}
