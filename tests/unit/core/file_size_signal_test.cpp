#include "core/file_size_signal.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>

#include "core/descriptor.h"
#include "filestore/local_backend.h"
#include "support/code_of.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr rlim_t limit = rlim_t{256} * 1024;

bool is_member(const sigset_t& set) {
    return sigismember(&set, SIGXFSZ) == 1;
}

/// Neither blocked nor pending.
bool signal_is_as_before() {
    sigset_t blocked;
    sigset_t pending;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    sigpending(&pending);
    return !is_member(blocked) && !is_member(pending);
}

/// Runs `work` in a forked child that SIGXFSZ ends, and whose files are limited; answers what it did.
bool holds_under_limit(rlim_t most, const std::function<bool()>& work) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(30);
        std::signal(SIGXFSZ, SIG_DFL);
        const ::rlimit files{most, RLIM_INFINITY};
        ::_exit(::setrlimit(RLIMIT_FSIZE, &files) == 0 && work() && signal_is_as_before() ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct Place {
    TemporaryDirectory directory;
    FileId id = FileId::generate().value();

    [[nodiscard]] std::shared_ptr<StorageBackend> open(
        std::optional<ChecksumAlgorithm> checksum = ChecksumAlgorithm::crc64nvme) const {
        LocalOptions options;
        options.base_path = directory.file("store");
        options.checksum = checksum;
        return open_local_backend(options).value();
    }

    [[nodiscard]] Result<UploadReceipt> upload(StorageBackend& store, std::shared_ptr<Source> source) const {
        UploadRequest request;
        request.id = id;
        request.source = std::move(source);
        return store.upload(std::move(request));
    }
};

}  // namespace

TEST_CASE("an upload past the limit of file sizes fails, and ends no program", "[file_size_signal]") {
    const Place place;
    const std::string large(2 * limit, 'x');
    write_file(place.directory.file("large"), large);
    const auto is_refused = [&](StorageBackend& store, std::shared_ptr<Source> source) {
        const auto uploaded = place.upload(store, std::move(source));
        return code_of(uploaded) == ErrorCode::no_space && !store.exists({place.id, {}}).value();
    };
    CHECK(holds_under_limit(0, [&] { return is_refused(*place.open(), source_from_string("few bytes")); }));
    CHECK(holds_under_limit(limit, [&] { return is_refused(*place.open(), source_from_string(large)); }));
    CHECK(holds_under_limit(limit, [&] {
        return is_refused(*place.open({}), source_from_path(place.directory.file("large")).value());
    }));
}

TEST_CASE("a download past the limit of file sizes fails, and ends no program", "[file_size_signal]") {
    const Place place;
    const auto checksum =
        GENERATE(std::optional<ChecksumAlgorithm>(), std::optional(ChecksumAlgorithm::crc64nvme));
    const std::string path = place.directory.file("downloaded");
    REQUIRE(place.upload(*place.open(checksum), source_from_string(std::string(2 * limit, 'x'))).ok());
    CHECK(holds_under_limit(limit, [&] {
        const auto got = place.open()->download({place.id, sink_to_path(path).value(), {}, {}, {}});
        return code_of(got) == ErrorCode::no_space && !std::filesystem::exists(path);
    }));
    CHECK(holds_under_limit(limit, [&] {
        const Descriptor file = open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT, 0600);
        const auto sink = sink_to_descriptor(file.get()).value();
        return code_of(place.open()->download({place.id, sink, {}, {}, {}})) == ErrorCode::no_space;
    }));
}

TEST_CASE("who blocks the signal keeps it", "[file_size_signal]") {
    sigset_t signal;
    sigemptyset(&signal);
    sigaddset(&signal, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal, nullptr);
    REQUIRE(::raise(SIGXFSZ) == 0);
    {
        const FileSizeSignalBlock block;
        CHECK(block.failed_with(EFBIG) == EFBIG);
    }
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    CHECK(is_member(blocked));
    const timespec at_once{};
    CHECK(sigtimedwait(&signal, nullptr, &at_once) == SIGXFSZ);
    pthread_sigmask(SIG_UNBLOCK, &signal, nullptr);
    CHECK(signal_is_as_before());
}
