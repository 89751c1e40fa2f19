#include "core/spool.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/random_bytes.h"
#include "support/reading.h"
#include "support/temporary_directory.h"

using filestore::ErrorCode;
using filestore::Spool;
using filestore::test::bytes_of;
using filestore::test::random_bytes;
using filestore::test::read_all;
using filestore::test::TemporaryDirectory;

TEST_CASE("what goes into a spool comes out, twice", "[spool]") {
    const TemporaryDirectory directory;
    constexpr std::size_t limit = std::size_t{1} << 20U;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, limit - 1, limit, limit + 1, 3 * limit + 17}) {
        INFO(size);
        const std::string content = random_bytes(size);
        Spool spool(directory.path().string());
        for (std::size_t at = 0; at < size; at += 100'000) {
            REQUIRE(spool.append(bytes_of(std::string_view(content).substr(at, 100'000))).ok());
        }
        CHECK(spool.size() == size);
        const auto source = std::move(spool).into_source();
        REQUIRE(source.ok());
        CHECK((*source)->size() == size);
        REQUIRE((*source)->can_rewind());
        CHECK(read_all(**source, 65'536).value() == content);
        REQUIRE((*source)->rewind().ok());
        CHECK(read_all(**source, 65'536).value() == content);
        CHECK(std::filesystem::is_empty(directory.path()));
    }
}

TEST_CASE("a spool's file has no name while it grows", "[spool]") {
    const TemporaryDirectory directory;
    Spool spool(directory.path().string());
    REQUIRE(spool.append(bytes_of(std::string(3'000'000, 'x'))).ok());
    CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("little content needs no directory, much fails without one", "[spool]") {
    Spool spool("/nowhere/at/all");
    REQUIRE(spool.append(bytes_of(std::string(1'000'000, 'x'))).ok());
    const auto appended = spool.append(bytes_of(std::string(100'000, 'x')));
    REQUIRE_FALSE(appended.ok());
    CHECK(appended.error().code() == ErrorCode::configuration);
    CHECK(appended.error().message().find("/nowhere/at/all") != std::string_view::npos);
}
