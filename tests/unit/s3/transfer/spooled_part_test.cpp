#include "s3/transfer/spooled_part.h"

#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "core/try.h"
#include "s3/transfer/part_digests.h"
#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::s3;
using namespace filestore::test;

namespace {

constexpr std::size_t window = std::size_t{256} * 1024;

/// Puts `bytes` into the part, at most `piece` at a time.
Result<void> fill(SpooledPart& part, std::string_view bytes, std::size_t piece) {
    while (!bytes.empty()) {
        const auto room = part.room();
        const std::size_t count = std::min({room.size(), piece, bytes.size()});
        REQUIRE(count > 0);
        std::copy_n(std::as_bytes(std::span(bytes)).begin(), count, room.begin());
        FILESTORE_TRY(part.added(count));
        bytes.remove_prefix(count);
    }
    return {};
}

std::string content_of(const SpooledPart& part) {
    std::string content;
    REQUIRE(part.read([&](std::span<const std::byte> bytes) {
                    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                })
                .ok());
    return content;
}

/// While it lives files cannot grow over this size. A resource.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        handler_ = ::signal(SIGXFSZ, SIG_IGN);
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("what goes into a spooled part comes out, any number of times", "[spool]") {
    const TemporaryDirectory directory;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, window - 1, window, window + 1, 3 * window + 17, 4 * window}) {
        for (const std::size_t piece : {window, std::size_t{100'000}}) {
            const std::string content = random_bytes(size, size);
            const auto part = std::make_shared<SpooledPart>(4 * window, directory.path().string());
            REQUIRE(fill(*part, content, piece).ok());
            CHECK(part->size() == size);
            CHECK(part->full() == (size == 4 * window));
            CHECK(part->room().empty() == part->full());
            CHECK((content_of(*part) == content));
            CHECK((content_of(*part) == content));
            CHECK(std::filesystem::is_empty(directory.path()));
        }
    }
}

TEST_CASE("a spooled part ends within its last window", "[spool]") {
    const TemporaryDirectory directory;
    SpooledPart part(window + 10, directory.path().string());
    const std::string content = random_bytes(window + 10);
    REQUIRE(fill(part, content, window).ok());
    CHECK(part.full());
    CHECK(part.room().empty());
    CHECK((content_of(part) == content));
}

TEST_CASE("little of a spooled part needs no directory, much fails without one", "[spool]") {
    SpooledPart part(4 * window, "/nowhere/at/all");
    REQUIRE(fill(part, std::string(window - 1, 'x'), window).ok());
    const auto more = fill(part, "x", 1);
    REQUIRE(code_of(more) == ErrorCode::configuration);
    CHECK(more.error().message().find("/nowhere/at/all") != std::string_view::npos);
}

TEST_CASE("a full disk is told by the directory that is on it", "[spool]") {
    const TemporaryDirectory directory;
    SpooledPart part(4 * window, directory.path().string());
    const FileSizeLimit limit(window);
    REQUIRE(fill(part, std::string(2 * window - 1, 'x'), window).ok());
    const auto more = fill(part, "x", 1);
    REQUIRE(code_of(more) == ErrorCode::no_space);
    CHECK(more.error().message().find(directory.path().string()) != std::string_view::npos);
}
