#include "core/sized_source.h"

#include <catch2/catch.hpp>
#include <deque>
#include <optional>

#include "support/reading.h"
#include "support/test_streams.h"

using filestore::Error;
using filestore::ErrorCode;
using filestore::IoStep;
using filestore::Progress;
using filestore::ProgressMeter;
using filestore::Result;
using filestore::SizedSource;
using filestore::Wake;
using filestore::test::read_all;
using filestore::test::read_step;

namespace {

/// Answers each read with the next of these pieces; nothing means would_block. After the last it is at its end.
class PiecewiseSource final : public filestore::Source {
public:
    explicit PiecewiseSource(std::deque<std::optional<std::string>> pieces) : pieces_(std::move(pieces)) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        if (pieces_.empty()) {
            return IoStep{};
        }
        if (!pieces_.front()) {
            pieces_.pop_front();
            return IoStep{0, true};
        }
        std::string& piece = *pieces_.front();
        const std::size_t count = std::min(into.size(), piece.size());
        std::memcpy(into.data(), piece.data(), count);
        piece.erase(0, count);
        if (piece.empty()) {
            pieces_.pop_front();
        }
        return IoStep{count, false};
    }

private:
    std::deque<std::optional<std::string>> pieces_;
};

SizedSource sized(std::deque<std::optional<std::string>> pieces, std::uint64_t size) {
    return SizedSource(std::make_shared<PiecewiseSource>(std::move(pieces)), size, ProgressMeter());
}

}  // namespace

TEST_CASE("a source of the right size passes", "[sized_source]") {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{100}}) {
        SizedSource source = sized({"he", "llo"}, 5);
        CHECK(source.size() == 5U);
        CHECK_FALSE(source.blocking());
        CHECK(read_all(source, piece).value() == "hello");
    }
}

TEST_CASE("a source that ends early fails", "[sized_source]") {
    SizedSource source = sized({"hell"}, 5);
    CHECK(read_step(source, 100) == "hell");
    CHECK(read_step(source, 100) == "source_failed");
}

TEST_CASE("a source that has more fails before its last bytes are handed out", "[sized_source]") {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
        SizedSource source = sized({"hello", "!"}, 5);
        std::string seen;
        std::string step = read_step(source, piece);
        while (step != "source_failed" && seen.size() < 10) {
            seen += step;
            step = read_step(source, piece);
        }
        CHECK(step == "source_failed");
        CHECK(seen.size() < 5);
    }
}

TEST_CASE("the last bytes are held while the end is not known", "[sized_source]") {
    SizedSource source = sized({"hello", std::nullopt, std::nullopt}, 5);
    CHECK(read_step(source, 100) == "(would block)");
    CHECK(read_step(source, 100) == "(would block)");
    CHECK(read_step(source, 2) == "he");
    CHECK(read_step(source, 2) == "ll");
    CHECK(read_step(source, 2) == "o");
    CHECK(read_step(source, 2) == "(end)");
}

TEST_CASE("a source that has more, but only after a while, fails too", "[sized_source]") {
    SizedSource source = sized({"hello", std::nullopt, "!"}, 5);
    CHECK(read_step(source, 100) == "(would block)");
    CHECK(read_step(source, 100) == "source_failed");
}

TEST_CASE("waiting and failing pass through", "[sized_source]") {
    SizedSource waiting = sized({std::nullopt, "a", std::nullopt, "b"}, 2);
    CHECK(read_step(waiting, 9) == "(would block)");
    CHECK(read_step(waiting, 9) == "a");
    CHECK(read_step(waiting, 9) == "(would block)");
    CHECK(read_step(waiting, 9) == "b");

    SizedSource failing(filestore::test::failing_source("ab", 5), 3, ProgressMeter());
    CHECK(read_step(failing, 9) == "ab");
    CHECK(read_step(failing, 9) == "source_failed");
}

TEST_CASE("rewinding starts anew and never reports less", "[sized_source]") {
    std::vector<std::uint64_t> reports;
    ProgressMeter meter([&](const Progress& progress) { reports.push_back(progress.bytes_done); }, 5);
    SizedSource source(filestore::source_from_string("hello"), 5, std::move(meter));
    REQUIRE(source.can_rewind());
    CHECK(read_step(source, 3) == "hel");
    REQUIRE(source.rewind().ok());
    CHECK(read_all(source, 2).value() == "hello");
    REQUIRE(source.rewind().ok());
    CHECK(read_all(source, 9).value() == "hello");
    CHECK(std::is_sorted(reports.begin(), reports.end()));
    REQUIRE_FALSE(reports.empty());
    CHECK(reports.back() == 5);
}

TEST_CASE("a source of no bytes", "[sized_source]") {
    SizedSource source = sized({}, 0);
    CHECK(read_step(source, 9) == "(end)");
}
