#include "local/commit.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <optional>

#include "support/code_of.h"
#include "support/file_changes.h"
#include "support/files.h"
#include "support/reading.h"
#include "support/recorded_flushes.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::local;
using namespace filestore::test;

namespace {

const FileId id = FileId::parse("6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d").value();

/// What there is under an ID; nothing where its name is not there.
struct Content {
    std::optional<std::string> data;
    std::optional<std::string> sidecar;
    bool operator==(const Content&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Content& content) {
    return out << "data " << content.data.value_or("-") << ", sidecar " << content.sidecar.value_or("-");
}

const Content nothing{};
const Content old_file{"old bytes", "old sidecar"};
const Content new_file{"new bytes", "new sidecar"};

std::optional<std::string> content_of(const std::string& path) {
    return std::filesystem::exists(path) ? std::optional(read_file(path)) : std::nullopt;
}

/// A store's directory, looked at from outside.
class StoreDirectory {
public:
    TemporaryDirectory directory;

    explicit StoreDirectory(const Layout& layout = {}) : layout_(layout) {
        if (layout != Layout()) {
            for (const std::string& above : {std::string(".filestore"), shard, "metadata/" + shard}) {
                std::filesystem::create_directories(directory.file(above));
            }
            const std::string from = layout.before ? std::string(to_string(*layout.before)) + " to " : "";
            write_file(directory.file(".filestore/layout"),
                       from + std::string(to_string(layout.current)) + "\n");
        }
    }

    [[nodiscard]] Store open(Durability durability = Durability::full) const {
        return Store::open(directory.path().string(), durability).value();
    }
    /// Where the file comes.
    [[nodiscard]] std::string data() const { return data_in(layout_.current); }
    [[nodiscard]] std::string sidecar() const { return sidecar_in(layout_.current); }
    [[nodiscard]] std::string record(const std::string& suffix) const {
        return directory.file(".filestore/staging/" + id.str() + suffix);
    }
    /// Wherever it is.
    [[nodiscard]] Content content() const {
        Content found{content_of(data()), content_of(sidecar())};
        if (layout_.before && !found.data) {
            found.data = content_of(data_in(*layout_.before));
        }
        if (layout_.before && !found.sidecar) {
            found.sidecar = content_of(sidecar_in(*layout_.before));
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string> staged() const {
        return names_in(directory.file(".filestore/staging"));
    }
    /// Where it was before the store is converted.
    void put_old_file() const {
        const LocalLayout old = layout_.before.value_or(layout_.current);
        write_file(data_in(old), *old_file.data);
        write_file(sidecar_in(old), *old_file.sidecar);
    }
    void remove_old_data() const {
        std::filesystem::remove(data_in(layout_.before.value_or(layout_.current)));
    }

private:
    static inline const std::string shard = "6f";

    [[nodiscard]] std::string data_in(LocalLayout layout) const {
        return directory.file((layout == LocalLayout::sharded ? shard + "/" : "") + id.str());
    }
    [[nodiscard]] std::string sidecar_in(LocalLayout layout) const {
        return directory.file("metadata/" + (layout == LocalLayout::sharded ? shard + "/" : "") + id.str() +
                              ".json");
    }

    Layout layout_;
};

/// Of a store, also of one that is being converted.
const std::vector<Layout> every_layout{{LocalLayout::flat},
                                       {LocalLayout::sharded},
                                       {LocalLayout::sharded, LocalLayout::flat},
                                       {LocalLayout::flat, LocalLayout::sharded}};

/// What is uploaded: staged, or in memory as few bytes are.
Result<NewContent> new_content(const Store& store, bool is_small) {
    NewContent content;
    content.sidecar = *new_file.sidecar;
    if (is_small) {
        content.small = *new_file.data;
        return content;
    }
    auto file = stage(store);
    if (!file.ok()) {
        return file.error();
    }
    const auto filled = write_all(file->descriptor(), bytes_of(*new_file.data), "test");
    const auto written = filled.ok() ? write_out_staged(store, *file) : filled;
    if (!written.ok()) {
        return written.error();
    }
    content.staged.emplace(std::move(*file));
    return content;
}

Result<void> publish(const Store& store, bool is_new, bool is_small = false) {
    const auto content = new_content(store, is_small);
    if (!content.ok()) {
        return content.error();
    }
    const auto lock = FileLock::take(store, id, {});
    if (!lock.ok()) {
        return lock.error();
    }
    if (const auto settled = settle_replacement(store, id); !settled.ok()) {
        return settled;
    }
    return is_new ? publish_new(store, id, *content) : replace(store, id, *content);
}

Result<void> take_it_away(const Store& store) {
    const auto lock = FileLock::take(store, id, {});
    if (!lock.ok()) {
        return lock.error();
    }
    if (const auto settled = settle(store, id); !settled.ok()) {
        return settled;
    }
    const auto removed = take_away(store, id);
    return removed.ok() ? Result<void>() : removed.error();
}

/// An operation, and what it makes of what.
struct Operation {
    std::string name;
    Content before;
    Content after;
    std::function<Result<void>(const Store&)> run;
};

std::vector<Operation> operations() {
    return {{"a new file", nothing, new_file, [](const Store& store) { return publish(store, true); }},
            {"a new file of few bytes", nothing, new_file,
             [](const Store& store) { return publish(store, true, true); }},
            {"a replacement", old_file, new_file, [](const Store& store) { return publish(store, false); }},
            {"a replacement of few bytes", old_file, new_file,
             [](const Store& store) { return publish(store, false, true); }},
            {"a removal", old_file, nothing, take_it_away}};
}

void prepare(const StoreDirectory& place, const Operation& operation) {
    REQUIRE(place.open().staging().ok());
    if (operation.before == old_file) {
        place.put_old_file();
    }
}

/// Whether a child that runs `work`, and dies instead of its n-th change, lives to the end.
bool child_survives(int nth, const std::function<bool()>& work) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const FileChanges changes = FileChanges::dying_at(nth);
        ::_exit(work() ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    const int code = WEXITSTATUS(status);
    REQUIRE((code == 0 || code == FileChanges::exit_code));
    return code == 0;
}

bool opens(const StoreDirectory& place) {
    return Store::open(place.directory.path().string(), Durability::full).ok();
}

}  // namespace

TEST_CASE("an operation makes of the old what it should, and leaves nothing", "[commit]") {
    const Layout layout = GENERATE(from_range(every_layout));
    CAPTURE(to_string(layout.current), layout.before.has_value());
    for (const Operation& operation : operations()) {
        for (const Durability durability : {Durability::full, Durability::data, Durability::none}) {
            INFO(operation.name);
            const StoreDirectory place(layout);
            prepare(place, operation);
            CHECK(operation.run(place.open(durability)).ok());
            CHECK(place.content() == operation.after);
            CHECK(place.staged().empty());
        }
    }
}

TEST_CASE("a process that dies before any change leaves the old or the new file, and recovery nothing else",
          "[commit]") {
    const Layout layout = GENERATE(from_range(every_layout));
    const bool named = GENERATE(false, true);
    CAPTURE(to_string(layout.current), layout.before.has_value());
    int points = 0;
    for (const Operation& operation : operations()) {
        bool survived = false;
        for (int nth = 1; !survived; ++nth) {
            const StoreDirectory place(layout);
            prepare(place, operation);
            INFO(operation.name << ", dead at change " << nth << (named ? ", hidden names" : ""));
            survived = child_survives(nth, [&] {
                std::optional<WithoutUnnamedFiles> without;
                if (named) {
                    without.emplace();
                }
                return operation.run(place.open()).ok();
            });
            points += survived ? 0 : 1;
            REQUIRE(opens(place));
            CHECK(place.staged().empty());
            const Content content = place.content();
            CHECK((content == operation.after || (!survived && content == operation.before)));
        }
    }
    CHECK(points >= 20);
}

TEST_CASE("recovery that dies before any of its own changes is taken up by the next one", "[commit]") {
    const Layout layout = GENERATE(from_range(every_layout));
    CAPTURE(to_string(layout.current), layout.before.has_value());
    int points = 0;
    for (const Operation& operation : operations()) {
        bool survived = false;
        for (int nth = 1; !survived; ++nth) {
            bool recovered = false;
            for (int then = 1; !recovered; ++then) {
                const StoreDirectory place(layout);
                prepare(place, operation);
                INFO(operation.name << ", dead at change " << nth << ", recovery at " << then);
                survived = child_survives(nth, [&] { return operation.run(place.open()).ok(); });
                recovered = child_survives(then, [&] { return opens(place); });
                points += recovered ? 0 : 1;
                REQUIRE(opens(place));
                CHECK(place.staged().empty());
                const Content content = place.content();
                CHECK((content == operation.after || (!survived && content == operation.before)));
            }
        }
    }
    CHECK(points >= 15);
}

TEST_CASE("the next operation on a file needs no recovery of the store", "[commit]") {
    const Layout layout = GENERATE(from_range(every_layout));
    CAPTURE(to_string(layout.current), layout.before.has_value());
    const auto next = GENERATE(0, 1, 2);
    for (const Operation& operation : operations()) {
        bool survived = false;
        for (int nth = 1; !survived; ++nth) {
            const StoreDirectory place(layout);
            prepare(place, operation);
            const Store store = place.open();
            INFO(operation.name << ", dead at change " << nth << ", then " << next);
            survived = child_survives(nth, [&] { return operation.run(place.open()).ok(); });
            {
                const auto lock = FileLock::take(store, id, {});
                REQUIRE(settle(store, id).ok());
            }
            CHECK((place.content() == operation.after || place.content() == operation.before));
            CHECK(place.staged().empty());
            if (next == 0) {
                CHECK(take_it_away(store).ok());
                CHECK(place.content() == nothing);
            } else {
                CHECK(publish(store, !place.content().data).ok());
                CHECK(place.content() == new_file);
            }
            CHECK(place.staged().empty());
        }
    }
}

TEST_CASE("a change that fails leaves the old file, or says that the outcome is not known", "[commit]") {
    const Layout layout = GENERATE(from_range(every_layout));
    CAPTURE(to_string(layout.current), layout.before.has_value());
    const int number = GENERATE(EIO, ENOSPC, EACCES);
    for (const Operation& operation : operations()) {
        bool succeeded = false;
        for (int nth = 1; !succeeded; ++nth) {
            const StoreDirectory place(layout);
            prepare(place, operation);
            const Store store = place.open();
            INFO(operation.name << ", change " << nth << " fails with " << number);
            Result<void> result;
            int changes = 0;
            {
                const FileChanges failing = FileChanges::failing_at(nth, number);
                result = operation.run(store);
                changes = failing.count();
            }
            succeeded = changes < nth;
            const bool unknown = code_of(result) == ErrorCode::outcome_unknown;
            const bool is_removal = operation.after == nothing;
            {
                const auto lock = FileLock::take(store, id, {});
                REQUIRE(settle(store, id).ok());
            }
            CHECK(place.staged().empty());
            const Content content = place.content();
            if (result.ok() || (unknown && !is_removal)) {
                CHECK(content == operation.after);
            } else if (is_removal) {
                // Gone whole, but for what nobody asks for.
                CHECK((content == old_file || !content.data));
            } else {
                CHECK(content == operation.before);
            }
        }
    }
}

TEST_CASE("where every change fails from one on, only an outcome that is not known is another one later",
          "[commit]") {
    const Layout layout = GENERATE(from_range(every_layout));
    CAPTURE(to_string(layout.current), layout.before.has_value());
    for (const Operation& operation : operations()) {
        bool succeeded = false;
        for (int nth = 1; !succeeded; ++nth) {
            const StoreDirectory place(layout);
            prepare(place, operation);
            const Store store = place.open();
            INFO(operation.name << ", from change " << nth << " on");
            Result<void> result;
            {
                const FileChanges failing = FileChanges::failing_from(nth, EROFS);
                result = operation.run(store);
                succeeded = failing.count() < nth;
            }
            {
                const auto lock = FileLock::take(store, id, {});
                REQUIRE(settle(store, id).ok());
            }
            CHECK(place.staged().empty());
            if (code_of(result) != ErrorCode::outcome_unknown) {
                CHECK(place.content() == (result.ok() ? operation.after : operation.before));
            }
        }
    }
}

TEST_CASE("what settling makes of what a crash can leave", "[commit]") {
    const Layout layout = GENERATE(from_range(every_layout));
    CAPTURE(to_string(layout.current), layout.before.has_value());
    struct Row {
        bool data_record;
        bool sidecar_record;
        bool file_there;
        Content after;
    };
    const std::string left = "left sidecar";
    for (const Row& row :
         {Row{true, false, false, nothing}, Row{true, false, true, old_file}, Row{true, true, true, new_file},
          Row{true, true, false, new_file}, Row{false, true, true, {"old bytes", "new sidecar"}},
          Row{false, true, false, nothing}, Row{false, false, true, old_file}}) {
        INFO(row.data_record << row.sidecar_record << row.file_there);
        const StoreDirectory place(layout);
        const Store store = place.open();
        REQUIRE(store.staging().ok());
        place.put_old_file();
        if (!row.file_there) {
            place.remove_old_data();
        }
        if (row.data_record) {
            write_file(place.record(".data"), *new_file.data);
        }
        if (row.sidecar_record) {
            write_file(place.record(".json"), *new_file.sidecar);
        }
        CHECK(is_being_replaced(store, id).value() == row.sidecar_record);
        CHECK(settle(store, id).ok());
        CHECK(place.content() == row.after);
        CHECK(place.staged().empty());
    }
}

TEST_CASE("an upload settles a record that is in its way", "[commit]") {
    const bool file_there = GENERATE(false, true);
    const bool is_small = GENERATE(false, true);
    const StoreDirectory place;
    const Store store = place.open();
    REQUIRE(store.staging().ok());
    place.put_old_file();
    if (!file_there) {
        place.remove_old_data();
    }
    write_file(place.record(".data"), "left");
    write_file(place.record(".draft"), "left");
    CHECK(publish(store, !file_there, is_small).ok());
    CHECK(place.content() == new_file);
    CHECK(place.staged().empty());
}

TEST_CASE("a sidecar of a file that is gone stands in nobody's way", "[commit]") {
    const StoreDirectory place;
    const Store store = place.open();
    write_file(place.sidecar(), "left");
    CHECK(publish(store, true).ok());
    CHECK(place.content() == new_file);
    CHECK(take_it_away(store).ok());
    write_file(place.sidecar(), "left");
    const auto lock = FileLock::take(store, id, {});
    const auto removed = take_away(store, id);
    REQUIRE(removed.ok());
    CHECK_FALSE(*removed);
    CHECK(place.content() == nothing);
}

TEST_CASE("a file that another program made meanwhile is not replaced", "[commit]") {
    const StoreDirectory place;
    const Store store = place.open();
    place.put_old_file();
    CHECK(code_of(publish(store, true)) == ErrorCode::already_exists);
    CHECK(place.content().data == old_file.data);
    CHECK(place.staged().empty());
}

TEST_CASE("everything is flushed before what makes it visible", "[commit]") {
    const StoreDirectory place;
    const std::string base = std::filesystem::canonical(place.directory.path()).string();
    const std::string metadata = base + "/metadata";
    const std::string staging = base + "/.filestore/staging";
    const auto flushed = [&](Durability durability, const std::function<Result<void>(const Store&)>& run) {
        const Store store = place.open(durability);
        REQUIRE(store.staging().ok());
        const RecordedFlushes flushes;
        REQUIRE(run(store).ok());
        return flushes.paths();
    };
    using Paths = std::vector<std::string>;
    const std::string sidecar = metadata + "/" + id.str() + ".json";
    const std::string draft = staging + "/" + id.str() + ".draft";
    for (const bool is_small : {false, true}) {
        CAPTURE(is_small);
        const std::string record =
            is_small ? staging + "/" + id.str() + ".data" : std::string(RecordedFlushes::named_later);
        const auto as_new = [&](const Store& store) { return publish(store, true, is_small); };
        const auto as_old = [&](const Store& store) { return publish(store, false, is_small); };
        CHECK(flushed(Durability::full, as_new) == Paths{record, sidecar, metadata, base});
        CHECK(flushed(Durability::full, as_old) == Paths{record, draft, staging, base, metadata});
        CHECK(flushed(Durability::full, take_it_away) == Paths{base, metadata});
        CHECK(flushed(Durability::data, as_new) == Paths{record, sidecar});
        CHECK(flushed(Durability::data, as_old) == Paths{record, draft});
        CHECK(flushed(Durability::data, take_it_away).empty());
        CHECK(flushed(Durability::none, as_new).empty());
        CHECK(flushed(Durability::none, as_old).empty());
        CHECK(flushed(Durability::none, take_it_away).empty());
    }
}

TEST_CASE("a record that is no regular file is damage, and is not followed", "[commit]") {
    const StoreDirectory place;
    const Store store = place.open();
    REQUIRE(store.staging().ok());
    place.put_old_file();
    const std::string outside = place.directory.file("outside");
    write_file(outside, "outside");
    std::filesystem::create_symlink(outside, place.record(".data"));
    const auto settled = settle(store, id);
    CHECK(code_of(settled) == ErrorCode::corrupt);
    CHECK(place.content() == old_file);
    CHECK(read_file(outside) == "outside");
}
