#include "filestore/stream.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <stdexcept>

#include "core/stream_calls.h"
#include "filestore/stdstream.h"
#include "support/reading.h"

using filestore::BufferSink;
using filestore::CallbackSink;
using filestore::CallbackSource;
using filestore::Error;
using filestore::ErrorCode;
using filestore::IoStep;
using filestore::read_source;
using filestore::Result;
using filestore::Wake;
using filestore::write_sink;
using filestore::test::bytes_of;
using filestore::test::no_wake;
using filestore::test::read_all;

TEST_CASE("text and spans are read to their end, again after rewinding", "[stream]") {
    const std::string text = "some bytes";
    for (const auto& source :
         {filestore::source_from_string(text), filestore::source_from_span(bytes_of(text))}) {
        CHECK(source->size() == text.size());
        CHECK_FALSE(source->blocking());
        REQUIRE(source->can_rewind());
        CHECK(read_all(*source, 3).value() == text);
        CHECK(read_all(*source, 3).value().empty());
        REQUIRE(source->rewind().ok());
        CHECK(read_all(*source, 100).value() == text);
    }
}

TEST_CASE("empty text", "[stream]") {
    const auto source = filestore::source_from_string("");
    CHECK(source->size() == 0U);
    CHECK(read_all(*source, 3).value().empty());
}

TEST_CASE("what a source of callbacks says of itself", "[stream]") {
    CallbackSource callbacks;
    callbacks.read = [](std::span<std::byte>, const Wake&) -> Result<IoStep> { return IoStep{}; };
    const auto plain = filestore::source_from_callback(callbacks);
    CHECK_FALSE(plain->size().has_value());
    CHECK_FALSE(plain->can_rewind());
    CHECK(plain->blocking());
    CHECK(plain->rewind().error().code() == ErrorCode::unsupported);

    callbacks.size = 9;
    callbacks.blocking = false;
    int rewinds = 0;
    callbacks.rewind = [&]() -> Result<void> {
        ++rewinds;
        return {};
    };
    const auto rich = filestore::source_from_callback(callbacks);
    CHECK(rich->size() == 9U);
    CHECK_FALSE(rich->blocking());
    REQUIRE(rich->can_rewind());
    CHECK(rich->rewind().ok());
    CHECK(rewinds == 1);
}

TEST_CASE("a source that throws or lies is an error", "[stream]") {
    struct Row {
        const char* what;
        std::function<Result<IoStep>(std::span<std::byte>)> read;
        ErrorCode code;
    };
    const Row rows[] = {
        {"runtime_error", [](std::span<std::byte>) -> Result<IoStep> { throw std::runtime_error("oops"); },
         ErrorCode::source_failed},
        {"int", [](std::span<std::byte>) -> Result<IoStep> { throw 7; }, ErrorCode::source_failed},
        {"bad_alloc", [](std::span<std::byte>) -> Result<IoStep> { throw std::bad_alloc(); },
         ErrorCode::no_memory},
        {"too many",
         [](std::span<std::byte> into) -> Result<IoStep> {
             return IoStep{into.size() + 1, false};
         },
         ErrorCode::source_failed},
        {"own code", [](std::span<std::byte>) -> Result<IoStep> { return Error(ErrorCode::rejected); },
         ErrorCode::rejected},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const auto source = filestore::source_from_callback(
            {[&](std::span<std::byte> into, const Wake&) { return row.read(into); }, {}, {}, false});
        std::array<std::byte, 8> room{};
        const auto step = read_source(*source, room, no_wake());
        REQUIRE_FALSE(step.ok());
        CHECK(step.error().code() == row.code);
    }
}

TEST_CASE("a sink that throws or lies is an error", "[stream]") {
    struct Row {
        const char* what;
        std::function<Result<IoStep>(std::span<const std::byte>)> write;
    };
    const Row rows[] = {
        {"throws", [](std::span<const std::byte>) -> Result<IoStep> { throw std::runtime_error("oops"); }},
        {"takes none", [](std::span<const std::byte>) -> Result<IoStep> { return IoStep{}; }},
        {"takes too many",
         [](std::span<const std::byte> bytes) -> Result<IoStep> {
             return IoStep{bytes.size() + 1, false};
         }},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        CallbackSink callbacks;
        callbacks.write = [&](std::span<const std::byte> bytes, const Wake&) { return row.write(bytes); };
        const auto step = write_sink(*filestore::sink_to_callback(callbacks), bytes_of("abc"), no_wake());
        REQUIRE_FALSE(step.ok());
        CHECK(step.error().code() == ErrorCode::sink_failed);
    }
}

TEST_CASE("a sink without finish can be finished; one that throws there is an error", "[stream]") {
    CallbackSink callbacks;
    callbacks.write = [](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        return IoStep{bytes.size(), false};
    };
    CHECK(filestore::finish_sink(*filestore::sink_to_callback(callbacks)).ok());
    callbacks.finish = []() -> Result<void> { throw std::runtime_error("oops"); };
    CHECK(filestore::finish_sink(*filestore::sink_to_callback(callbacks)).error().code() ==
          ErrorCode::sink_failed);
}

TEST_CASE("a buffer takes no more than it may", "[stream]") {
    BufferSink sink(5);
    REQUIRE(sink.write(bytes_of("abc"), no_wake()).ok());
    REQUIRE(sink.write(bytes_of("de"), no_wake()).ok());
    CHECK(sink.write(bytes_of("f"), no_wake()).error().code() == ErrorCode::sink_failed);
    CHECK(sink.bytes() == "abcde");
    CHECK(sink.take() == "abcde");
}

TEST_CASE("the message of a wrong size", "[stream]") {
    CHECK(filestore::source_size_error(7, 5).message() ==
          "the source ended after 5 of the 7 bytes that it declared");
    CHECK(filestore::source_size_error(7, 8).message() ==
          "the source gave more than the 7 bytes that it declared");
}

TEST_CASE("standard streams as source and sink", "[stream]") {
    std::istringstream in("standard");
    CHECK(read_all(*filestore::source_from_istream(in), 3).value() == "standard");

    std::istringstream bad("standard");
    bad.setstate(std::ios::badbit);
    CHECK(read_all(*filestore::source_from_istream(bad), 3).error().code() == ErrorCode::source_failed);

    std::ostringstream out;
    const auto sink = filestore::sink_to_ostream(out);
    REQUIRE(sink->write(bytes_of("abc"), no_wake()).ok());
    REQUIRE(sink->finish().ok());
    CHECK(out.str() == "abc");
    out.setstate(std::ios::badbit);
    CHECK(sink->write(bytes_of("d"), no_wake()).error().code() == ErrorCode::sink_failed);
    CHECK(sink->finish().error().code() == ErrorCode::sink_failed);
}
