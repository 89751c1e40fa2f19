#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

#include "conformance/feature.h"

namespace filestore::test {

namespace {

/// Of several cases the worst tells: their order is that of this list.
enum class FeatureOutcome { yes, lack, failed };

constexpr const char* name_of(FeatureOutcome outcome) {
    return outcome == FeatureOutcome::yes ? "yes" : outcome == FeatureOutcome::lack ? "lack" : "failed";
}

FeatureOutcome outcome_of(const Catch::TestCaseStats& stats) {
    if (stats.totals.assertions.failed > 0) {
        return FeatureOutcome::failed;
    }
    return stats.totals.assertions.failedButOk > 0 ? FeatureOutcome::lack : FeatureOutcome::yes;
}

/// Writes what the run has shown of each server and feature.
class ResultsListener final : public Catch::TestEventListenerBase {
public:
    using TestEventListenerBase::TestEventListenerBase;

    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        const FeaturePlace place = feature_place(stats.testInfo.name);
        if (place.feature.empty() || is_local(place.store)) {
            return;
        }
        FeatureOutcome& outcome = outcomes_[{server_of(place.store), place.feature}];
        outcome = std::max(outcome, outcome_of(stats));
        if (broken_stores().contains(place.store)) {
            outcome = FeatureOutcome::failed;
            std::cerr << place.store << " neither stores nor gives files: what it lacks cannot be told\n";
        }
        if (stats.testInfo.expectedToFail() && stats.totals.assertions.failed > 0) {
            std::cerr << place.store << " has " << place.feature << " now: strike it off lacks.txt\n";
        }
    }

    void testRunEnded(const Catch::TestRunStats&) override {
        const char* path = std::getenv("FILESTORE_TEST_RESULTS");
        if (path == nullptr) {
            return;
        }
        std::ofstream file(path);
        for (const auto& [place, outcome] : outcomes_) {
            file << place.first << '\t' << place.second << '\t' << name_of(outcome) << '\n';
        }
    }

private:
    std::map<std::pair<std::string, std::string>, FeatureOutcome> outcomes_;
};

CATCH_REGISTER_LISTENER(ResultsListener)

}  // namespace

}  // namespace filestore::test
