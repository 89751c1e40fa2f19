#include "export/file_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/files.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"

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

/// A file to take from, of which the system may have nothing in memory.
struct Taken {
    explicit Taken(const std::string& content) {
        test::write_file(directory.file("a"), content);
        file = open_at(AT_FDCWD, directory.file("a").c_str(), O_RDWR);
        ::fdatasync(file.get());
    }
    void forget() const { ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED); }

    test::TemporaryDirectory directory;
    Descriptor file;
};

/// Takes a range as a download does, until nothing of it is left; appends what can be read meanwhile.
void take_all(FilePipe& pipe, Source& source, FileRange range, std::string& got) {
    Side writer;
    Side reader;
    while (range.size > 0) {
        const auto step = pipe.take_from(range, writer.wake);
        REQUIRE(step.ok());
        REQUIRE(step->has_value());
        range.offset += (*step)->bytes;
        range.size -= (*step)->bytes;
        const int before = writer.woken->times;
        got += read_now(source, reader.wake, 100'000);
        // Who waits is woken.
        REQUIRE((!(*step)->would_block || writer.woken->times > before));
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

TEST_CASE("a store that fails before the first byte for anybody", "[export]") {
    FilePipe pipe(5, 3, [](std::uint64_t) {});
    Side writer;
    CHECK(pipe.write(bytes_of("he"), writer.wake)->bytes == 2);
    pipe.fail(Error(ErrorCode::corrupt, "damaged"));
    CHECK(pipe.wait_for_begin().error().code() == ErrorCode::corrupt);
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
    CHECK(pipe->wait_for_begin().ok());
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

TEST_CASE("a file is read by who sends it, but for its last byte", "[export]") {
    const std::string content = test::random_bytes(3'000'001);
    const Taken taken(content);
    const bool is_in_memory = GENERATE(true, false);
    if (!is_in_memory) {
        taken.forget();
    }
    constexpr std::size_t begin = 5;
    const std::size_t length = GENERATE(as<std::size_t>(), 1, 2, 100'000, 3'000'001 - begin);
    const std::size_t passed_over = GENERATE_COPY(std::size_t{0}, length / 2);
    const std::size_t sent = length - passed_over;
    const auto pipe = std::make_shared<FilePipe>(length, passed_over, [](std::uint64_t) {});
    EnvelopedSource source("<", pipe, sent, ">");
    std::string got;
    take_all(*pipe, source, {taken.file.get(), begin, length}, got);
    CHECK((got == "<" + content.substr(begin + passed_over, sent - 1)));
    REQUIRE(pipe->finish().ok());
    Side reader;
    CHECK((got + read_now(source, reader.wake, 10) == "<" + content.substr(begin + passed_over, sent) + ">"));
    CHECK(pipe->position() == length);
}

TEST_CASE("who waits for a file's first bytes is woken", "[export]") {
    const Taken taken("hello");
    const auto pipe = std::make_shared<FilePipe>(5, 0, [](std::uint64_t) {});
    EnvelopedSource source("", pipe, 5, "");
    Side writer;
    Side reader;
    CHECK(read_now(source, reader.wake, 10).empty());
    CHECK(pipe->take_from({taken.file.get(), 0, 5}, writer.wake).ok());
    CHECK(reader.woken->times == 1);
}

TEST_CASE("a download that ends while its file is read", "[export]") {
    Taken taken("hello");
    const auto pipe = std::make_shared<FilePipe>(5, 0, [](std::uint64_t) {});
    EnvelopedSource source("", pipe, 5, "");
    Side writer;
    Side reader;
    REQUIRE(pipe->take_from({taken.file.get(), 0, 5}, writer.wake).ok());
    taken.file = Descriptor();
    std::vector<std::byte> piece(2);
    CHECK(source.read(piece, reader.wake).ok());
    pipe->fail(Error(ErrorCode::timeout));
    const auto failed = source.read(piece, reader.wake);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().code() == ErrorCode::timeout);
}

TEST_CASE("a file that becomes shorter, and one that nobody wants any more", "[export]") {
    const Taken taken("hello");
    const auto pipe = std::make_shared<FilePipe>(10, 0, [](std::uint64_t) {});
    Side writer;
    Side reader;
    FileRange range{taken.file.get(), 0, 10};
    {
        EnvelopedSource source("", pipe, 10, "");
        std::string got;
        auto step = pipe->take_from(range, writer.wake);
        while (step.ok() && got.size() < 10) {
            range.offset += (*step)->bytes;
            range.size -= (*step)->bytes;
            got += read_now(source, reader.wake, 10);
            step = pipe->take_from(range, writer.wake);
        }
        CHECK(got == "hello");
        REQUIRE_FALSE(step.ok());
        CHECK(step.error().code() == ErrorCode::corrupt);
    }
    const auto after = pipe->take_from(range, writer.wake);
    REQUIRE_FALSE(after.ok());
    CHECK(after.error().code() == ErrorCode::cancelled);
}

TEST_CASE("several bodies take from one file", "[export]") {
    const std::string content = test::random_bytes(1'000'000);
    const Taken taken(content);
    const auto pipe = std::make_shared<FilePipe>(content.size(), 0, [](std::uint64_t) {});
    EnvelopedSource first("<", pipe, 400'000, ">");
    EnvelopedSource second("", pipe, 600'000, "");
    Side writer;
    Side reader;
    FileRange range{taken.file.get(), 0, content.size()};
    std::string got;
    while (range.size > 0) {
        const auto step = pipe->take_from(range, writer.wake);
        REQUIRE(step.ok());
        range.offset += (*step)->bytes;
        range.size -= (*step)->bytes;
        got += read_now(first.is_given() ? second : first, reader.wake, 100'000);
    }
    CHECK(first.is_given());
    REQUIRE(pipe->finish().ok());
    got += read_now(second, reader.wake, 100'000);
    CHECK((got == "<" + content.substr(0, 400'000) + ">" + content.substr(400'000)));
}
