#include "conformance/killed_upload.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "filestore/s3_client.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"

namespace filestore::test {

namespace {

constexpr std::string_view hidden_argument = "--upload-until-killed";

void say(const std::string& line) {
    const std::string text = line + '\n';
    if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        std::_Exit(3);
    }
}

/// One part after the other: when the third is asked for, the server has two.
[[noreturn]] void upload(const KilledUpload& what) {
    const TestStore store(what.store);
    S3ClientOptions options = store.options().s3;
    options.part_size = KilledUpload::part_size;
    options.parallel_parts = 1;
    auto client = S3Client::open(std::move(options)).value();
    S3PutRequest request;
    request.bucket = store.options().s3.bucket;
    request.key = what.key;
    request.content_type = "text/resumed";
    request.metadata = {{"colour", "blue"}};
    request.checksum_mode = what.checksum_mode;
    request.checksum_algorithm = what.checksum_algorithm;
    request.source = std::make_shared<StalledSource>(
        KilledUpload::content().substr(0, 2 * KilledUpload::part_size + 1), [] { say("two parts"); });
    request.on_resume_token = [](const std::string& token) -> Result<void> {
        say(token);
        return {};
    };
    const auto result = client.put(std::move(request));
    say(result.ok() ? "it ended" : std::string(result.error().message()));
    std::_Exit(4);
}

/// A child with a pipe behind its output. A resource.
class Child {
public:
    explicit Child(std::vector<std::string> arguments) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        std::vector<char*> argv;
        argv.reserve(arguments.size() + 1);
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        REQUIRE(::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, argv.data(), environ) == 0);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        output_ = ::fdopen(ends[0], "r");
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        std::fclose(output_);
    }

    /// The next line of its output; empty at the end of it.
    std::string line() {
        std::string text;
        for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_)) {
            text.push_back(static_cast<char>(c));
        }
        return text;
    }

private:
    pid_t process_ = 0;
    std::FILE* output_ = nullptr;
};

}  // namespace

std::string KilledUpload::content() {
    return random_bytes(size, 4711);
}

std::string KilledUpload::run() const {
    Child child({"conformance", std::string(hidden_argument), store, key,
                 std::to_string(static_cast<int>(checksum_mode)),
                 std::string(to_string(checksum_algorithm))});
    std::string token = child.line();
    const std::string then = child.line();
    INFO(token);
    REQUIRE(then == "two parts");
    return token;
}

void KilledUpload::be_it(int argc, const char* const* argv) {
    if (argc == 6 && argv[1] == hidden_argument) {
        upload({argv[2], argv[3], static_cast<S3ChecksumMode>(std::stoi(argv[4])),
                parse_checksum_algorithm(argv[5]).value()});
    }
}

}  // namespace filestore::test
