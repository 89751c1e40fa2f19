#pragma once

/// Which sequences are tried, in which mode, and how many. Shared by real cuts and replayed ones.

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "filestore/local_backend.h"
#include "power/sequences.h"

namespace filestore::test {

/// A value.
struct Trial {
    Sequence sequence;
    Durability durability = Durability::full;
    /// That the store is made with.
    LocalLayout layout = LocalLayout::flat;
};

[[nodiscard]] constexpr LocalLayout other_layout(LocalLayout layout) noexcept {
    return layout == LocalLayout::flat ? LocalLayout::sharded : LocalLayout::flat;
}

[[nodiscard]] std::string describe(const Trial& trial);

/// What came of some trials. A value.
struct Tally {
    std::size_t trials = 0;
    std::size_t points = 0;
    std::size_t states = 0;
    std::vector<std::string> problems;

    void operator+=(const Tally& other);
};

/// Single operations in both layouts, longer sequences in one of them. Every trial where FILESTORE_TEST_LONG is set. Else single operations in mode `full`, which show every fault of the protocol's own, and then of all the
/// others a few at least and as many as the time allows, in an order that FILESTORE_TEST_SEED chooses.
[[nodiscard]] Tally run_trials(std::chrono::seconds time, const std::function<Tally(const Trial&)>& run);

/// Says what was done, and fails the test where there was a problem or nothing at all was tried.
void report(const std::string& what, const Tally& tally);

/// Where files are made that need not outlive the test: in memory, where the machine has such a place.
[[nodiscard]] std::string scratch_directory();

}  // namespace filestore::test
