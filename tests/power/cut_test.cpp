/// The power of a real file system goes at every point of a sequence of operations.

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <utility>

#include "power/calls.h"
#include "power/check.h"
#include "power/driver.h"
#include "power/image.h"
#include "power/trials.h"
#include "support/temporary_directory.h"

using namespace filestore::test;

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds time_for_each{25};

/// Ends the power, and this process, at the given point of the calls: before each that changes something, half way through each write, and
/// after each flush; two points without a change between them are one.
class Cutter final : public CallWatcher {
public:
    Cutter(const Image& image, LogAtCut log, std::size_t point, LedgerWriter& ledger)
        : image_(image), log_(log), left_(point), ledger_(ledger) {}

    void arm() noexcept { armed_ = true; }

    void before(const std::string& call) override { pass("before " + call); }
    void changed() override { is_new_ = true; }
    void flushed(const std::string& call, int, bool) override {
        is_new_ = true;
        pass("after " + call);
    }

    [[noreturn]] void cut(const std::string& where) {
        image_.cut(log_);
        ledger_.cut(where);
        ::_exit(0);
    }

private:
    void pass(const std::string& where) {
        if (!armed_ || !std::exchange(is_new_, false)) {
            return;
        }
        if (left_ == 0) {
            cut(where);
        }
        --left_;
    }

    const Image& image_;
    LogAtCut log_;
    std::size_t left_;
    LedgerWriter& ledger_;
    bool armed_ = false;
    bool is_new_ = true;
};

const std::string at_the_end = "the end";

class RealCut {
public:
    explicit RealCut(const std::string& type)
        : type_(type), directory_(scratch_directory()), image_(type, directory_.path()) {}

    Tally run(const Trial& trial) {
        Tally tally;
        for (const LogAtCut log : {LogAtCut::lost, LogAtCut::flushed}) {
            std::string where;
            for (std::size_t point = 0; where != at_the_end; ++point) {
                where = run_point(trial, log, point, tally);
            }
        }
        return tally;
    }

private:
    /// Answers where the power went.
    std::string run_point(const Trial& trial, LogAtCut log, std::size_t point, Tally& tally) {
        const std::string case_directory = image_.path() + "/case";
        const std::string base = case_directory + "/store";
        const std::string ledger_path = directory_.file("ledger");
        fs::create_directory(case_directory);
        prepare_store(base, trial);
        image_.flush();
        drive_in_child(base, trial, log, point, ledger_path);
        image_.mount_again();
        const Ledger ledger = read_ledger(ledger_path);
        for (const std::string& problem : problems_after_cut(base, trial, ledger)) {
            tally.problems.push_back(type_ + (log == LogAtCut::lost ? ", " : ", log flushed, ") +
                                     describe(trial) + "; cut " + ledger.cut + ": " + problem);
        }
        fs::remove_all(case_directory);
        ++tally.points;
        ++tally.states;
        return ledger.cut.empty() ? at_the_end : ledger.cut;
    }

    void drive_in_child(const std::string& base, const Trial& trial, LogAtCut log, std::size_t point,
                        const std::string& ledger_path) const {
        const pid_t child = ::fork();
        if (child == 0) {
            LedgerWriter ledger(ledger_path);
            Cutter cutter(image_, log, point, ledger);
            const WatchedCalls watched(cutter, image_.path());
            drive(base, trial, ledger, {[&] { cutter.arm(); }, [&] { cutter.cut(at_the_end); }});
            ::_exit(1);
        }
        int status = 0;
        if (child < 0 || ::waitpid(child, &status, 0) != child || WIFSIGNALED(status)) {
            throw std::runtime_error("the driver did not end by itself");
        }
    }

    std::string type_;
    TemporaryDirectory directory_;
    Image image_;
};

void cut_power_of(const std::string& type) {
    if (const std::string obstacle = Image::obstacle(); !obstacle.empty()) {
        std::cout << "no power cut on " << type << ", since " << obstacle
                  << ": replayed traces take its place" << std::endl;
        return;
    }
    RealCut cut(type);
    report("power cut on " + type,
           run_trials(time_for_each, [&](const Trial& trial) { return cut.run(trial); }));
}

}  // namespace

TEST_CASE("what a store promises outlives a power cut on ext4", "[power][ext4]") {
    cut_power_of("ext4");
}

TEST_CASE("what a store promises outlives a power cut on xfs", "[power][xfs]") {
    cut_power_of("xfs");
}
