#include "s3/credentials/child_process.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <sstream>
#include <thread>

#include "core/worker_thread.h"
#include "s3/credentials/process.h"
#include "support/credentials.h"
#include "support/eventually.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

Result<SecretString> run(const std::string& script, s3::ChildLimits limits = {},
                         std::stop_token cancel = {}) {
    return s3::run_child({"sh", "-c", script}, limits, cancel);
}

std::string said(const Result<SecretString>& result) {
    return result.ok() ? std::string(*result) : std::string(to_string(result.error().code()));
}

/// Whether the process of this number, a line of text, runs: nobody may have taken note of its end yet.
bool is_alive(const std::string& process) {
    const std::string stat = read_file("/proc/" + process.substr(0, process.find('\n')) + "/stat");
    return !stat.empty() && stat.find(") Z ") == std::string::npos;
}

}  // namespace

TEST_CASE("a program's output is taken", "[s3][credentials]") {
    CHECK(said(run("echo hello; echo complaint >&2")) == "hello\n");
    CHECK(said(run("cat")) == "");
    // Closing the output is not the end.
    CHECK(said(run("echo hello; exec >&-; exit 3")) == "unauthenticated");
}

TEST_CASE("a program gets its words as they are", "[s3][credentials]") {
    const auto output = s3::run_child({"printf", "%s|", "$HOME", "a b", "; id", "*"}, {}, {});
    CHECK(said(output) == "$HOME|a b|; id|*|");
}

TEST_CASE("a program that fails is told from one that cannot be started", "[s3][credentials]") {
    const auto failed = run("echo canary; exit 7");
    CHECK(said(failed) == "unauthenticated");
    CHECK(failed.error().message() == "the program ended with status 7");
    CHECK(run("kill -9 $$").error().message() == "the program was ended by signal 9");
    const auto missing = s3::run_child({"/there/is/no/such/program", "canary"}, {}, {});
    CHECK(said(missing) == "configuration");
    CHECK(missing.error().message().find("canary") == std::string_view::npos);
}

TEST_CASE("a program that prints without end is killed", "[s3][credentials]") {
    CHECK(said(run("yes", {.most_output = 1000})) == "corrupt");
    CHECK(said(run("printf %1000s x", {.most_output = 1000})).size() == 1000);
    CHECK(said(run("printf %1001s x", {.most_output = 1000})) == "corrupt");
}

TEST_CASE("a program that does not end is killed with what it has started", "[s3][credentials]") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("pid");
    const std::string script = "sleep 1000 & echo $! > " + file + "; wait";
    CHECK(said(run(script, {.time = 500ms})) == "timeout");
    CHECK(eventually([&] { return !is_alive(read_file(file)); }));
    CHECK(said(run("exec >&-; sleep 1000", {.time = 100ms})) == "timeout");
}

TEST_CASE("a program is killed when its call is cancelled", "[s3][credentials]") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("pid");
    std::stop_source stop;
    std::jthread canceller([&] {
        if (eventually([&] { return read_file(file).ends_with("\n"); })) {
            stop.request_stop();
        }
    });
    CHECK(said(run("echo $$ > " + file + "; exec sleep 1000", {}, stop.get_token())) == "cancelled");
    CHECK_FALSE(is_alive(read_file(file)));
}

TEST_CASE("a program starts with no signal blocked or ignored", "[s3][credentials]") {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    std::string masks;
    // As on a thread of the library.
    start_worker([&] { masks = said(run("sed -n 's/^Sig\\(Blk\\|Ign\\)://p' /proc/self/status")); }).join();
    std::signal(SIGPIPE, before);
    std::istringstream lines(masks);
    std::uint64_t blocked = 1;
    std::uint64_t ignored = 1;
    REQUIRE(lines >> std::hex >> blocked >> ignored);
    // The system's library keeps the signals above for itself.
    constexpr std::uint64_t standard_signals = 0x7FFFFFFF;
    CHECK((blocked & standard_signals) == 0);
    CHECK((ignored & standard_signals) == 0);
}

TEST_CASE("a credential_process gives keys, each time anew", "[s3][credentials]") {
    const TemporaryDirectory directory;
    write_file(directory.file("keys"), R"({"Version": 1, "AccessKeyId": "one", "SecretAccessKey": "s"})");
    const auto provider = s3::make_process_provider(context_with({}, std::make_shared<NoTransport>()),
                                                    "cat '" + directory.file("keys") + "'");
    CHECK(keys_from(*provider)->keys.access_key == "one");
    write_file(directory.file("keys"), R"({"Version": 1, "AccessKeyId": "two", "SecretAccessKey": "s"})");
    CHECK(keys_from(*provider)->keys.access_key == "two");
    write_file(directory.file("keys"), "canary");
    const auto garbage = keys_from(*provider);
    CHECK(garbage.error().code() == ErrorCode::corrupt);
    CHECK(failure_of(garbage) == "credential_process: the output is no JSON object");
}
