#include "audit/postgrest/judgement.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "audit/postgrest/request.h"

using namespace filestore;
using namespace filestore::postgrest;

namespace {

Timestamp at(const std::string& second) {
    return parse_timestamp("2026-02-01T01:02:" + second + "Z").value();
}

const Timestamp deleted_at = at("03.123456");

SeenRow seen(std::optional<Timestamp> kept) {
    SeenRow row{FileId::generate().value(), CatalogueRow{}, {}};
    row.row->deleted_at = kept;
    return row;
}

SeenRow hidden() {
    return {FileId::generate().value(), {}, {}};
}

SeenRow unreadable() {
    return {FileId::generate().value(), {}, Error(ErrorCode::corrupt, "no time")};
}

bool is_of_permission(const std::optional<Refused>& refused) {
    return refused && refused->refusal == Refusal::of_permission && refused->perhaps_of_a_row &&
           refused->error.code() == ErrorCode::permission_denied;
}

bool is_of_a_row(const std::optional<Refused>& refused) {
    return refused && refused->refusal == Refusal::of_a_row;
}

}  // namespace

TEST_CASE("a row that is said to be there", "[postgrest]") {
    CHECK_FALSE(judge_inserted(seen(std::nullopt)));
    CHECK_FALSE(judge_inserted(seen(deleted_at)));
    CHECK_FALSE(judge_inserted(unreadable()));
    CHECK(is_of_permission(judge_inserted(hidden())));
}

TEST_CASE("a row that is to be deleted is deleted, whoever did it, or may not be changed", "[postgrest]") {
    CHECK_FALSE(judge_marked(seen(deleted_at), deleted_at));
    CHECK_FALSE(judge_marked(seen(at("59")), deleted_at));
    CHECK_FALSE(
        judge_marked(seen(claim_of(deleted_at)), claim_of(deleted_at) + std::chrono::milliseconds(1)));
    CHECK(is_of_permission(judge_marked(seen(claim_of(deleted_at)), deleted_at)));
    CHECK(is_of_permission(judge_marked(seen(std::nullopt), deleted_at)));
    CHECK(is_of_permission(judge_marked(hidden(), deleted_at)));
    CHECK(is_of_a_row(judge_marked(unreadable(), deleted_at)));
}

TEST_CASE("a row of which a deletion was not taken back", "[postgrest]") {
    const std::vector<Timestamp> undone{at("01"), deleted_at};
    CHECK_FALSE(judge_taken_back(seen(std::nullopt), undone));
    CHECK_FALSE(judge_taken_back(seen(at("03.5")), undone));
    for (const Timestamp kept :
         {deleted_at, at("03.123"), at("03"), at("01"), claim_of(deleted_at), trial_of(deleted_at)}) {
        CHECK(is_of_permission(judge_taken_back(seen(kept), undone)));
    }
    CHECK(is_of_permission(judge_taken_back(hidden(), undone)));
    CHECK(is_of_a_row(judge_taken_back(unreadable(), undone)));
}

TEST_CASE("what keeps a row from being changed is named, and the file", "[postgrest]") {
    const SeenRow row = seen(std::nullopt);
    const auto refused = judge_marked(row, deleted_at);
    REQUIRE(refused);
    CHECK_THAT(std::string(refused->error.message()),
               Catch::Contains(row.id.str()) && Catch::Contains("row-level security") &&
                   Catch::Contains("service key") && Catch::Contains("trigger"));
}
