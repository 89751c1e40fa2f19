#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "audit/catalogue.h"
#include "audit/outbox.h"
#include "audit/soft_deletions.h"
#include "core/try.h"
#include "support/sqlite_disk.h"
#include "support/temporary_directory.h"

using namespace filestore;
using filestore::test::SqliteDisk;
using filestore::test::TemporaryDirectory;

namespace {

constexpr Timestamp marked_at(std::chrono::seconds(1'700'000'100));

/// A catalogue whose disk loses whatever was not flushed.
struct Scene {
    TemporaryDirectory directory;
    SqliteDisk disk;
    std::string path = directory.file("c.sqlite");
    std::unique_ptr<Catalogue> catalogue = Catalogue::open(path).value();
    int losses = 0;

    Intent begin() const {
        Intent intent;
        intent.file_path = "a.txt";
        REQUIRE(catalogue->begin_upload(intent).ok());
        return intent;
    }

    void complete(const Intent& intent) const {
        REQUIRE(catalogue->complete(intent, Timestamp(std::chrono::seconds(1'700'000'000))).ok());
    }

    /// A deletion that can be taken back.
    void mark(const Intent& upload) const {
        SoftDeletion deletion;
        deletion.id = upload.id;
        MarkTerms terms;
        terms.at = marked_at;
        terms.until = terms.at + std::chrono::hours(1);
        REQUIRE(catalogue
                    ->use_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
                        FILESTORE_TRY_ASSIGN(const Marking marking, deletions.mark(deletion, terms));
                        CHECK(marking == Marking::marked);
                        return {};
                    })
                    .ok());
    }

    /// As it is found when power is lost now. What is begun there is nobody's here.
    std::unique_ptr<Catalogue> after_power_loss() {
        const std::string found = directory.file("found-" + std::to_string(losses++) + ".sqlite");
        disk.copy_flushed(path, found);
        return Catalogue::open(found).value();
    }
};

/// As a sender takes what waits.
std::vector<OutboxEntry> take(Catalogue& catalogue) {
    std::vector<OutboxEntry> entries;
    REQUIRE(catalogue
                .use_outbox([&](Outbox& outbox) -> Result<void> {
                    FILESTORE_TRY_ASSIGN(entries, outbox.take(0, 100, 1'000'000, Timestamp()));
                    return {};
                })
                .ok());
    return entries;
}

std::set<std::string> ids_of(const std::vector<Intent>& intents) {
    std::set<std::string> ids;
    for (const Intent& intent : intents) {
        ids.insert(intent.id.str());
    }
    return ids;
}

/// The next use of a store makes an event of an open intent whose file is there.
void check_known(Catalogue& found, const std::vector<Intent>& begun, const std::vector<Intent>& ended) {
    const std::set<std::string> open = ids_of(found.stale_intents().value());
    for (const Intent& intent : begun) {
        CHECK(open.count(intent.id.str()) == 1);
    }
    for (const Intent& intent : ended) {
        const bool is_open = open.count(intent.id.str()) == 1;
        CHECK(is_open != found.is_stored(intent.id).value());
    }
}

}  // namespace

TEST_CASE("power loss leaves of every upload its intent or its row", "[audit][power]") {
    Scene scene;
    const auto uploads_at_once = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{5});
    CAPTURE(uploads_at_once);
    std::vector<Intent> begun;
    std::vector<Intent> ended;
    for (int i = 0; i < 40; ++i) {
        begun.push_back(scene.begin());
        check_known(*scene.after_power_loss(), begun, ended);
        if (begun.size() == uploads_at_once) {
            scene.complete(begun.front());
            ended.push_back(begun.front());
            begun.erase(begun.begin());
            check_known(*scene.after_power_loss(), begun, ended);
        }
    }
}

TEST_CASE("the event of a removal waits for the disk and that of an upload does not", "[audit][power]") {
    Scene scene;
    const Intent upload = scene.begin();
    const int flushes = scene.disk.flushes();
    scene.complete(upload);
    CHECK(scene.disk.flushes() == flushes);
    CHECK(scene.catalogue->is_stored(upload.id).value());

    Intent removal = upload;
    removal.operation = Operation::removal;
    removal.number = scene.catalogue->begin(removal).value();
    const auto before = scene.after_power_loss();
    CHECK(before->row(upload.id).ok());
    CHECK(ids_of(before->stale_intents().value()) == std::set<std::string>{upload.id.str()});

    scene.complete(removal);
    const auto found = scene.after_power_loss();
    CHECK(found->row(upload.id)->deleted_at.has_value());
    CHECK(found->stale_intents()->empty());
}

TEST_CASE("a deletion that can be taken back waits for the disk", "[audit][power]") {
    Scene scene;
    const Intent upload = scene.begin();
    scene.complete(upload);
    scene.mark(upload);
    CHECK(scene.after_power_loss()->row(upload.id)->deleted_at.has_value());
}

TEST_CASE("what a sender takes is durable before it is told", "[audit][power]") {
    Scene scene;
    // Of another process than the one that uploads.
    const auto sender = Catalogue::open(scene.path, {.has_server = true}).value();
    const Intent upload = scene.begin();
    scene.complete(upload);
    const auto before = scene.after_power_loss();
    CHECK(take(*before).empty());
    CHECK(ids_of(before->stale_intents().value()) == std::set<std::string>{upload.id.str()});

    const auto taken = take(*sender);
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].never_told);
    const auto found = scene.after_power_loss();
    CHECK(found->is_stored(upload.id).value());
    const auto again = take(*found);
    REQUIRE(again.size() == 1);
    CHECK_FALSE(again[0].never_told);
}

TEST_CASE("a deletion that was told before power loss can be taken back on the server", "[audit][power]") {
    Scene scene;
    const auto sender = Catalogue::open(scene.path, {.has_server = true}).value();
    const Intent upload = scene.begin();
    scene.complete(upload);
    scene.mark(upload);
    const auto taken = take(*sender);
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].row.deleted_at == marked_at);

    // The server may have it; this one cannot know.
    const auto found = scene.after_power_loss();
    REQUIRE(found
                ->use_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
                    FILESTORE_TRY_ASSIGN(const Undeletion undeletion,
                                         deletions.undelete(upload.id, marked_at, {}));
                    CHECK(undeletion == Undeletion::done);
                    return {};
                })
                .ok());
    const auto again = take(*found);
    REQUIRE(again.size() == 1);
    CHECK_FALSE(again[0].row.deleted_at.has_value());
    CHECK(again[0].undone == std::vector<Timestamp>{marked_at});
}

TEST_CASE("what was told and is not known to be is told again after power loss", "[audit][power]") {
    Scene scene;
    const auto sender = Catalogue::open(scene.path, {.has_server = true}).value();
    const Intent upload = scene.begin();
    scene.complete(upload);
    const auto taken = take(*sender);
    CHECK(take(*scene.after_power_loss()).size() == 1);
    REQUIRE(sender->use_outbox([&](Outbox& outbox) { return outbox.delivered(taken); }).ok());
    const auto found = scene.after_power_loss();
    CHECK(take(*found).empty());
    CHECK(found->is_stored(upload.id).value());
}
