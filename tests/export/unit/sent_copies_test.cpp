#include "audit/sent_copies.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "audit/catalogue.h"
#include "support/temporary_directory.h"

using namespace filestore;
using filestore::test::TemporaryDirectory;

namespace {

Timestamp at(int second) {
    return Timestamp(std::chrono::seconds(second));
}

std::unique_ptr<Catalogue> open(const TemporaryDirectory& directory) {
    auto opened = Catalogue::open(directory.file("c.sqlite"));
    REQUIRE(opened.ok());
    return std::move(*opened);
}

CopyRow row_of(const FileId& id) {
    CopyRow row;
    row.id = id;
    row.profile = "openai";
    row.base_url = "https://api.example/v1";
    row.purpose = "user_data";
    row.file_version = "v1";
    row.sent_name = "a-" + id.str() + ".txt";
    row.begun_at = at(1);
    return row;
}

template <class Work>
void use(Catalogue& catalogue, Work work) {
    REQUIRE(catalogue
                .use_sent_copies([&](SentCopies& copies) -> Result<void> {
                    work(copies);
                    return {};
                })
                .ok());
}

std::vector<CopyRow> of_file(Catalogue& catalogue, const FileId& id) {
    std::vector<CopyRow> rows;
    use(catalogue, [&](SentCopies& copies) { rows = copies.of_file(id).value(); });
    return rows;
}

/// It is being sent as long as the answer lives.
CopyInWork begin_work(Catalogue& catalogue, const FileId& id) {
    std::optional<CopyInWork> in_work;
    use(catalogue, [&](SentCopies& copies) { in_work = copies.begin(row_of(id)).value(); });
    return std::move(*in_work);
}

std::int64_t begin(Catalogue& catalogue, const FileId& id) {
    return begin_work(catalogue, id).number();
}

void complete(Catalogue& catalogue, std::int64_t number, std::optional<Timestamp> expires_at = {}) {
    use(catalogue, [&](SentCopies& copies) {
        REQUIRE(copies.complete(number, {"file-1", at(2), expires_at}).value());
    });
}

/// Stores a file in the catalogue.
FileId stored(Catalogue& catalogue) {
    Intent intent;
    REQUIRE(catalogue.begin_upload(intent).ok());
    REQUIRE(catalogue.complete(intent, at(1)).ok());
    return intent.id;
}

void remove(Catalogue& catalogue, const FileId& id) {
    Intent intent;
    intent.id = id;
    intent.operation = Operation::removal;
    intent.number = catalogue.begin(intent).value();
    REQUIRE(catalogue.complete(intent, at(5)).ok());
}

}  // namespace

TEST_CASE("a copy from its intent to its end", "[export]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory);
    const FileId id = stored(*catalogue);
    const CopyInWork in_work = begin_work(*catalogue, id);
    const std::int64_t number = in_work.number();
    auto rows = of_file(*catalogue, id);
    REQUIRE(rows.size() == 1);
    CHECK(rows.front().is_being_sent);
    CHECK(rows.front().provider_id.empty());
    CHECK_FALSE(rows.front().is_damaged);
    complete(*catalogue, number, at(100));
    rows = of_file(*catalogue, id);
    REQUIRE(rows.size() == 1);
    CHECK_FALSE(rows.front().is_being_sent);
    CHECK(rows.front().provider_id == "file-1");
    CHECK(rows.front().sent_name == row_of(id).sent_name);
    CHECK(rows.front().sent_at == at(2));
    CHECK(rows.front().expires_at == at(100));
    CHECK_FALSE(rows.front().removing_since);
    use(*catalogue, [&](SentCopies& copies) {
        CHECK(copies.open_behind(0, 10).value().empty());
        CHECK(copies.expired(at(99)).value().empty());
        CHECK(copies.expired(at(100)).value().size() == 1);
        REQUIRE(copies.forget(number).ok());
        CHECK(copies.of_file(id).value().empty());
    });
}

TEST_CASE("a deletion marks the copies, whoever records it", "[export]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory);
    const FileId id = stored(*catalogue);
    const FileId other = stored(*catalogue);
    complete(*catalogue, begin(*catalogue, id));
    const CopyInWork under_way = begin_work(*catalogue, id);
    complete(*catalogue, begin(*catalogue, other));
    const auto deleter = open(directory);
    remove(*deleter, id);
    const auto rows = of_file(*catalogue, id);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].removing_since == at(5));
    CHECK(rows[1].removing_since == at(5));
    CHECK(rows[1].is_being_sent);
    CHECK_FALSE(of_file(*catalogue, other).front().removing_since);
    use(*catalogue, [&](SentCopies& copies) {
        CHECK(copies.is_deleted(id).value());
        CHECK_FALSE(copies.is_deleted(other).value());
        const auto completed = copies.complete(under_way.number(), {"file-2", at(6), {}}).value();
        REQUIRE(completed);
        CHECK(completed->removing_since == at(5));
        CHECK(copies.open_behind(0, 10).value().size() == 2);
        CHECK(copies.open_behind(rows[0].number, 10).value().size() == 1);
    });
}

TEST_CASE("a file without a row has its copies marked, too", "[export]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory);
    const FileId id = FileId::generate().value();
    complete(*catalogue, begin(*catalogue, id));
    remove(*catalogue, id);
    CHECK(of_file(*catalogue, id).front().removing_since == at(5));
}

TEST_CASE("what nobody works on is taken over by one", "[export]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory);
    const auto other = open(directory);
    const FileId id = stored(*catalogue);
    std::optional<CopyInWork> in_work = begin_work(*catalogue, id);
    const std::int64_t number = in_work->number();
    const auto take_over = [&](Catalogue& by) {
        std::optional<CopyInWork> taken;
        use(by, [&](SentCopies& copies) { taken = copies.take_over(number).value(); });
        return taken;
    };
    CHECK_FALSE(take_over(*catalogue));
    CHECK_FALSE(take_over(*other));
    // Also where its end could not be written.
    const bool is_written = GENERATE(true, false);
    if (is_written) {
        use(*catalogue, [&](SentCopies& copies) { REQUIRE(copies.leave(number, "lost").ok()); });
        CHECK(of_file(*other, id).front().reason == "lost");
    }
    in_work.reset();
    CHECK_FALSE(of_file(*catalogue, id).front().is_being_sent);
    CHECK_FALSE(of_file(*other, id).front().is_being_sent);
    const auto taken = take_over(*other);
    REQUIRE(taken);
    CHECK(of_file(*other, id).front().is_being_sent);
    CHECK(of_file(*catalogue, id).front().is_being_sent);
    CHECK_FALSE(take_over(*catalogue));
}

TEST_CASE("a copy gets no number on which somebody works", "[export]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory);
    const FileId id = stored(*catalogue);
    const CopyInWork in_work = begin_work(*catalogue, id);
    // As of a backup that does not know it.
    auto connection = SqliteConnection::open(directory.file("c.sqlite"));
    REQUIRE(connection.ok());
    REQUIRE(connection
                ->execute_script("DELETE FROM provider_copies; UPDATE sqlite_sequence SET seq = 0 WHERE name "
                                 "= 'provider_copies'")
                .ok());
    CHECK(begin_work(*catalogue, id).number() == in_work.number() + 1);
    CHECK(of_file(*catalogue, id).size() == 1);
}

TEST_CASE("that there may be another of the name outlasts the completion of a copy", "[export]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory);
    const FileId id = stored(*catalogue);
    const std::int64_t number = begin(*catalogue, id);
    CHECK_FALSE(of_file(*catalogue, id).front().is_doubtful);
    use(*catalogue, [&](SentCopies& copies) { REQUIRE(copies.note_missed(number, at(7)).ok()); });
    CHECK(of_file(*catalogue, id).front().missed_since == at(7));
    use(*catalogue, [&](SentCopies& copies) { REQUIRE(copies.note_doubt(number).ok()); });
    CHECK_FALSE(of_file(*catalogue, id).front().missed_since);
    complete(*catalogue, number);
    CHECK(of_file(*catalogue, id).front().is_doubtful);
    CHECK_FALSE(of_file(*catalogue, id).front().is_damaged);
}

TEST_CASE("a changed row is damaged, a noted failure is not", "[export]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory);
    const FileId id = stored(*catalogue);
    const std::int64_t number = begin(*catalogue, id);
    complete(*catalogue, number);
    use(*catalogue, [&](SentCopies& copies) {
        REQUIRE(copies.mark_for_removal(number, at(9)).ok());
        REQUIRE(copies.leave(number, "no network").ok());
    });
    const auto noted = of_file(*catalogue, id).front();
    CHECK_FALSE(noted.is_damaged);
    CHECK(noted.reason == "no network");
    const auto column = GENERATE("file_version", "provider_id", "base_url", "profile", "expires_at",
                                 "doubtful", "missed_since", "sent_name");
    auto connection = SqliteConnection::open(directory.file("c.sqlite"));
    REQUIRE(connection.ok());
    const std::string change =
        std::string("UPDATE provider_copies SET ") + column + " = '2026-01-01T00:00:00.000000Z'";
    REQUIRE(connection->execute_script(change.c_str()).ok());
    CHECK(of_file(*catalogue, id).front().is_damaged);
}
