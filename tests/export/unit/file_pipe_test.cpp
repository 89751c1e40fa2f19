#include "export/file_pipe.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

using namespace filestore;

namespace {

struct Woken final : Wake::Target {
    int times = 0;
    void wake() noexcept override { ++times; }
    void wake_when_ready(int, bool) noexcept override {}
};

struct Side {
    std::shared_ptr<Woken> woken = std::make_shared<Woken>();
    Wake wake{woken};
};

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

/// All that can be read now, in pieces of a size.
std::string read_now(Source& source, const Wake& wake, std::size_t size) {
    std::string text;
    std::vector<std::byte> piece(size);
    for (;;) {
        const auto step = source.read(piece, wake);
        REQUIRE(step.ok());
        if (step->bytes == 0) {
            return text;
        }
        text.append(reinterpret_cast<const char*>(piece.data()), step->bytes);
    }
}

}  // namespace

TEST_CASE("the last byte waits for the store's word", "[export]") {
    std::uint64_t given = 0;
    const auto pipe = std::make_shared<FilePipe>(5, 0, [&](std::uint64_t bytes) { given = bytes; });
    EnvelopedSource source("<", pipe, 5, ">");
    Side writer;
    Side reader;
    CHECK(read_now(source, reader.wake, 2) == "<");
    CHECK(pipe->write(bytes_of("hello"), writer.wake)->bytes == 5);
    CHECK(reader.woken->times == 1);
    CHECK(read_now(source, reader.wake, 2) == "hell");
    CHECK(given == 4);
    REQUIRE(pipe->finish().ok());
    CHECK(reader.woken->times == 2);
    CHECK(read_now(source, reader.wake, 2) == "o>");
    CHECK(given == 5);
}

TEST_CASE("a store that fails fails the request", "[export]") {
    const auto pipe = std::make_shared<FilePipe>(5, 0, [](std::uint64_t) {});
    EnvelopedSource source("", pipe, 5, "tail");
    Side writer;
    Side reader;
    CHECK(pipe->write(bytes_of("hel"), writer.wake)->bytes == 3);
    pipe->fail(Error(ErrorCode::corrupt, "damaged"));
    std::vector<std::byte> piece(10);
    CHECK(source.read(piece, reader.wake)->bytes == 3);
    const auto failed = source.read(piece, reader.wake);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().code() == ErrorCode::corrupt);
}

TEST_CASE("more or fewer bytes than there were", "[export]") {
    Side writer;
    FilePipe longer(3, 0, [](std::uint64_t) {});
    CHECK(longer.write(bytes_of("four"), writer.wake).error().code() == ErrorCode::conflict);
    FilePipe shorter(3, 0, [](std::uint64_t) {});
    CHECK(shorter.write(bytes_of("tw"), writer.wake)->bytes == 2);
    CHECK_FALSE(shorter.finish().ok());
}

TEST_CASE("who writes waits for room, and for nobody who has gone", "[export]") {
    const std::string much(3 << 20, 'x');
    const auto pipe = std::make_shared<FilePipe>(much.size() + 1, 0, [](std::uint64_t) {});
    Side writer;
    Side reader;
    std::size_t written = 0;
    std::string got;
    {
        EnvelopedSource source("", pipe, much.size() + 1, "");
        while (written < much.size()) {
            const auto step = pipe->write(bytes_of(much).subspan(written), writer.wake);
            REQUIRE(step.ok());
            written += step->bytes;
            if (step->would_block) {
                got += read_now(source, reader.wake, 300'000);
            }
        }
        got += read_now(source, reader.wake, 300'000);
    }
    CHECK((got == much));
    CHECK(writer.woken->times == 2);
    const auto after = pipe->write(bytes_of("x"), writer.wake);
    REQUIRE_FALSE(after.ok());
    CHECK(after.error().code() == ErrorCode::cancelled);
}

TEST_CASE("several bodies take from one reading, and the last byte of all waits", "[export]") {
    std::uint64_t given = 0;
    const auto pipe = std::make_shared<FilePipe>(8, 2, [&](std::uint64_t position) { given = position; });
    Side writer;
    Side reader;
    CHECK(pipe->write(bytes_of("0"), writer.wake)->bytes == 1);
    CHECK(pipe->write(bytes_of("1abcdef"), writer.wake)->bytes == 1);
    CHECK(pipe->write(bytes_of("abcdef"), writer.wake)->bytes == 6);
    {
        EnvelopedSource first("<", pipe, 3, ">");
        CHECK(read_now(first, reader.wake, 2) == "<abc>");
        CHECK(first.is_given());
    }
    CHECK(pipe->position() == 5);
    EnvelopedSource second("", pipe, 3, ">");
    CHECK(read_now(second, reader.wake, 8) == "de");
    CHECK_FALSE(second.is_given());
    CHECK(given == 7);
    REQUIRE(pipe->finish().ok());
    CHECK(read_now(second, reader.wake, 8) == "f>");
    CHECK(second.is_given());
}

TEST_CASE("a body that is let go of early ends the reading", "[export]") {
    const auto pipe = std::make_shared<FilePipe>(8, 0, [](std::uint64_t) {});
    Side writer;
    Side reader;
    CHECK(pipe->write(bytes_of("abc"), writer.wake)->bytes == 3);
    {
        EnvelopedSource source("", pipe, 4, "");
        CHECK(read_now(source, reader.wake, 8) == "abc");
    }
    CHECK(pipe->write(bytes_of("d"), writer.wake).error().code() == ErrorCode::cancelled);
}
