#include "service/drift.h"

#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <string>

using namespace filestore;

TEST_CASE("what store, catalogue and audit server disagree on", "[reconcile]") {
    constexpr auto unknown = Recorded::unknown;
    constexpr auto stored = Recorded::stored;
    constexpr auto deleted = Recorded::deleted;
    constexpr auto agreed = std::optional<Drift>();
    struct Case {
        Recorded by_catalogue;
        std::optional<Recorded> by_server;
        std::optional<Drift> where_it_is_there;
        std::optional<Drift> where_it_is_gone;
    };
    const auto c = GENERATE_COPY(values<Case>({
        {unknown, std::nullopt, Drift::unrecorded, agreed},
        {unknown, unknown, Drift::unrecorded, agreed},
        {unknown, stored, Drift::unrecorded, Drift::missing},
        {unknown, deleted, Drift::marked_deleted, agreed},
        {stored, std::nullopt, agreed, Drift::missing},
        {stored, unknown, Drift::untold, Drift::missing},
        {stored, stored, agreed, Drift::missing},
        {stored, deleted, Drift::marked_deleted, Drift::missing},
        {deleted, std::nullopt, Drift::marked_deleted, agreed},
        {deleted, unknown, Drift::marked_deleted, Drift::untold},
        {deleted, stored, Drift::marked_deleted, Drift::untold},
        {deleted, deleted, Drift::marked_deleted, agreed},
    }));
    const Views there{true, c.by_catalogue, c.by_server};
    const Views gone{false, c.by_catalogue, c.by_server};
    CAPTURE(describe(there));
    CHECK(drift_of(there) == c.where_it_is_there);
    CHECK(drift_of(gone) == c.where_it_is_gone);
    CHECK(describe(there) != describe(gone));
}

TEST_CASE("who says what of a file", "[reconcile]") {
    CHECK(describe({true, Recorded::unknown, std::nullopt}) ==
          "the file is there, the catalogue does not know it");
    CHECK(describe({false, Recorded::deleted, Recorded::stored}) ==
          "the file is not there, the catalogue has it as deleted, the audit server has it as stored");
}
