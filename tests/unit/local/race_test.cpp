#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "filestore/local_backend.h"
#include "support/code_of.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr int racers = 64;

LocalOptions options_in(const TemporaryDirectory& directory) {
    LocalOptions options;
    options.base_path = directory.path().string();
    options.durability = Durability::none;
    return options;
}

UploadRequest upload_of(const FileId& id, int number) {
    UploadRequest request;
    request.id = id;
    request.source = source_from_string("of " + std::to_string(number));
    return request;
}

/// Each in a process of its own, which prepares, waits for the others and then runs what `prepare` has answered; answers their codes.
std::vector<ErrorCode> race(const std::function<std::function<ErrorCode()>(int number)>& prepare) {
    std::array<int, 2> start{};
    REQUIRE(::pipe(start.data()) == 0);
    std::vector<pid_t> children;
    for (int number = 0; number < racers; ++number) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::alarm(60);
            ::close(start[1]);
            const auto run = prepare(number);
            char end = 0;
            const bool ready = ::read(start[0], &end, 1) == 0;
            ::_exit(static_cast<int>(ready ? run() : ErrorCode::internal));
        }
        children.push_back(child);
    }
    ::close(start[0]);
    ::close(start[1]);
    std::vector<ErrorCode> codes;
    for (const pid_t child : children) {
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFEXITED(status));
        codes.push_back(static_cast<ErrorCode>(WEXITSTATUS(status)));
    }
    return codes;
}

/// The same on a store that each has open.
std::vector<ErrorCode> race(const TemporaryDirectory& directory,
                            const std::function<ErrorCode(StorageBackend& backend, int number)>& run) {
    return race([&](int number) -> std::function<ErrorCode()> {
        const auto backend = open_local_backend(options_in(directory)).value();
        return [=, &run] { return run(*backend, number); };
    });
}

/// Checks that one has won, and that the file is its.
void check_one_winner(const TemporaryDirectory& directory, const FileId& id,
                      const std::vector<ErrorCode>& codes, ErrorCode of_losers) {
    CHECK(std::count(codes.begin(), codes.end(), ErrorCode::ok) == 1);
    CHECK(std::count(codes.begin(), codes.end(), of_losers) == racers - 1);
    const auto winner = std::find(codes.begin(), codes.end(), ErrorCode::ok) - codes.begin();
    CHECK(read_file(directory.file(id.str())) == "of " + std::to_string(winner));
    CHECK(names_in(directory.file(".filestore/staging")).empty());
    CHECK(names_in(directory.file("metadata")).size() == 1);
}

}  // namespace

TEST_CASE("of 64 processes that create a file, one does", "[race]") {
    for (int round = 0; round < 3; ++round) {
        const TemporaryDirectory store;
        const FileId id = FileId::generate().value();
        const auto codes = race(store, [&](StorageBackend& backend, int number) {
            UploadRequest request = upload_of(id, number);
            request.create_only = true;
            return code_of(backend.upload(std::move(request)));
        });
        check_one_winner(store, id, codes, ErrorCode::already_exists);
    }
}

TEST_CASE("of 64 processes that replace one version of a file, one does", "[race]") {
    for (int round = 0; round < 3; ++round) {
        const TemporaryDirectory store;
        const FileId id = FileId::generate().value();
        std::string version;
        {
            const auto backend = open_local_backend(options_in(store)).value();
            REQUIRE(backend->upload(upload_of(id, -1)).ok());
            version = backend->metadata({id, {}}).value().version;
        }
        const auto codes = race(store, [&](StorageBackend& backend, int number) {
            UploadRequest request = upload_of(id, number);
            request.if_version = version;
            return code_of(backend.upload(std::move(request)));
        });
        check_one_winner(store, id, codes, ErrorCode::precondition_failed);
    }
}

TEST_CASE("64 processes that make a store find the same layout, whatever they want", "[race][layout]") {
    for (int round = 0; round < 3; ++round) {
        const TemporaryDirectory directory;
        const auto codes = race([&](int number) -> std::function<ErrorCode()> {
            LocalOptions options = options_in(directory);
            options.base_path = directory.file("store");
            options.layout = number % 2 == 0 ? LocalLayout::flat : LocalLayout::sharded;
            return [=] {
                const auto backend = open_local_backend(options);
                return backend.ok()
                           ? code_of((*backend)->upload(upload_of(FileId::generate().value(), number)))
                           : backend.error().code();
            };
        });
        std::array<int, 2> opened{};
        for (std::size_t i = 0; i < codes.size(); ++i) {
            CHECK((codes[i] == ErrorCode::ok || codes[i] == ErrorCode::configuration));
            opened[i % 2] += codes[i] == ErrorCode::ok ? 1 : 0;
        }
        const bool one_won =
            opened == std::array<int, 2>{racers / 2, 0} || opened == std::array<int, 2>{0, racers / 2};
        CHECK(one_won);
        LocalOptions options = options_in(directory);
        options.base_path = directory.file("store");
        CHECK(open_local_backend(options).value()->list({})->files.size() == racers / 2);
    }
}
