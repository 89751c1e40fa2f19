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

/// Each in a process of its own, which opens the store, waits for the others and then runs `race`; answers their codes.
std::vector<ErrorCode> race(const TemporaryDirectory& directory,
                            const std::function<ErrorCode(StorageBackend& backend, int number)>& run) {
    std::array<int, 2> start{};
    REQUIRE(::pipe(start.data()) == 0);
    std::vector<pid_t> children;
    for (int number = 0; number < racers; ++number) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::alarm(60);
            ::close(start[1]);
            const auto backend = open_local_backend(options_in(directory));
            char end = 0;
            const bool ready = backend.ok() && ::read(start[0], &end, 1) == 0;
            ::_exit(static_cast<int>(ready ? run(**backend, number) : ErrorCode::internal));
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
