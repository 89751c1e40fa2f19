#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "audit/catalogue.h"
#include "core/descriptor.h"
#include "filestore/service.h"
#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string page = "<html><script>alert(1)</script></html>";

/// A service on a local store, with rules.
struct Scene {
    TemporaryDirectory directory;
    ValidationOptions rules{};

    [[nodiscard]] FileService open() const {
        ServiceOptions options;
        options.local.base_path = directory.file("store");
        options.local.durability = Durability::none;
        options.validation = rules;
        return FileService::open(options).value();
    }

    /// How many files are anywhere in the store, its metadata and its staging among them; the lock and the catalogue aside.
    [[nodiscard]] int files() const {
        int count = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path())) {
            const std::string name = entry.path().filename();
            const bool is_ours =
                name == "lock" || name == "layout" || name.find("catalogue") != std::string::npos;
            count += entry.is_regular_file() && !is_ours ? 1 : 0;
        }
        return count;
    }
};

FileUpload upload_of(std::shared_ptr<Source> source, std::string path = "a.bin",
                     std::string type = std::string(default_content_type)) {
    FileUpload file;
    file.source = std::move(source);
    file.path = std::move(path);
    file.content_type = std::move(type);
    return file;
}

std::string rule_of(const Result<FileId>& result) {
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code() == ErrorCode::rejected);
    return result.error().details().server_code;
}

std::string content_of(FileService& service, const FileId& id) {
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    REQUIRE(service.download(std::move(request)).ok());
    return sink->take();
}

std::uint64_t rows(FileService& service) {
    RecordedFilesRequest request;
    request.uploaded_before = Timestamp::max();
    const auto page_of_rows = service.recorded_files(request);
    REQUIRE(page_of_rows.ok());
    return page_of_rows->files.size();
}

}  // namespace

TEST_CASE("a refused file leaves neither byte nor row", "[validation]") {
    Scene scene;
    scene.rules.type_policy = TypePolicy::strict;
    scene.rules.max_size = 100'000;
    FileService service = scene.open();
    CHECK(rule_of(service.upload(upload_of(source_from_string(page), "cat.png", "image/png"))) == "mismatch");
    CHECK(rule_of(service.upload(
              upload_of(std::make_shared<HesitantSource>(page, 5), "cat.png", "image/png"))) == "mismatch");
    CHECK(rule_of(service.upload(upload_of(source_from_string(std::string(100'001, 'x'))))) == "size");
    CHECK(rule_of(service.upload(
              upload_of(std::make_shared<HesitantSource>(std::string(100'001, 'x'), 70'000)))) == "size");
    CHECK(scene.files() == 0);
    CHECK(rows(service) == 0);
}

TEST_CASE("a file that keeps the rules is stored whole, whatever its source is like", "[validation]") {
    Scene scene;
    scene.rules.type_policy = TypePolicy::strict;
    scene.rules.max_size = 100'000;
    FileService service = scene.open();
    const std::string bytes = random_bytes(100'000);
    const auto size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{8191}, std::size_t{8192},
                               std::size_t{8193}, std::size_t{100'000});
    const std::string content = bytes.substr(0, size);
    CAPTURE(size);
    const std::vector<std::shared_ptr<Source>> sources{source_from_string(content),
                                                       std::make_shared<HesitantSource>(content, 3000),
                                                       std::make_shared<HesitantSource>(content, 3000, size)};
    for (const auto& source : sources) {
        const auto id = service.upload(upload_of(source));
        INFO((id.ok() ? std::string() : std::string(id.error().message())));
        REQUIRE(id.ok());
        CHECK(content_of(service, *id) == content);
    }
}

TEST_CASE("a source that gives more than it declares does not get past the limit", "[validation]") {
    Scene scene;
    scene.rules.max_size = 10;
    FileService service = scene.open();
    const auto stored = service.upload(upload_of(mislabelled_source(std::string(1000, 'x'), 5, false)));
    CHECK(code_of(stored) == ErrorCode::source_failed);
    CHECK(scene.files() == 0);
}

TEST_CASE("what does not agree is told, and stored", "[validation]") {
    Scene scene;
    std::vector<ValidationWarning> warnings;
    scene.rules.on_warning = [&](const ValidationWarning& warning) { warnings.push_back(warning); };
    FileService service = scene.open();
    const auto id = service.upload(upload_of(source_from_string(page), "cat.png", "image/png"));
    REQUIRE(id.ok());
    CHECK(content_of(service, *id) == page);
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].path == "cat.png");
    CHECK(warnings[0].declared_type == "image/png");
    CHECK(warnings[0].found_type == "text/html");
    CHECK(warnings[0].message == "it is declared as image/png, and its content is text/html");
    REQUIRE(service.upload(upload_of(source_from_string(page), "page.html", "text/html")).ok());
    CHECK(warnings.size() == 1);
}

TEST_CASE("a file of no declared type gets that of its content where that is wanted", "[validation]") {
    Scene scene;
    scene.rules.store_found_type = true;
    FileService service = scene.open();
    const auto type_of = [&](FileUpload file) {
        const auto id = service.upload(std::move(file));
        REQUIRE(id.ok());
        return service.metadata({*id, {}})->content_type;
    };
    CHECK(type_of(upload_of(source_from_string("%PDF-1.4\n"))) == "application/pdf");
    CHECK(type_of(upload_of(source_from_string("%PDF-1.4\n"), "a", "text/plain")) == "text/plain");
    CHECK(type_of(upload_of(source_from_string("\x01\x02\xff"))) == default_content_type);
}

TEST_CASE("an upload whose beginning does not come can be cancelled", "[validation]") {
    Scene scene;
    scene.rules.type_policy = TypePolicy::strict;
    FileService service = scene.open();
    std::stop_source stop;
    auto file = upload_of(std::make_shared<StalledSource>("abc", [&stop] { stop.request_stop(); }));
    file.call.cancel = stop.get_token();
    CHECK(code_of(service.upload(std::move(file))) == ErrorCode::cancelled);
    auto late = upload_of(std::make_shared<StalledSource>("abc"));
    late.call.deadline = deadline_in(std::chrono::milliseconds(50));
    CHECK(code_of(service.upload(std::move(late))) == ErrorCode::timeout);
    CHECK(code_of(service.upload(upload_of(failing_source("abc", 7)))) == ErrorCode::source_failed);
    CHECK(scene.files() == 0);
}

TEST_CASE("a rule on types without a database refuses, a warning goes without", "[validation]") {
    Scene scene;
    scene.rules.magic_database = scene.directory.file("none.mgc");
    scene.rules.on_warning = [](const ValidationWarning&) {};
    REQUIRE(scene.open().upload(upload_of(source_from_string(page), "cat.png")).ok());
    scene.rules.type_policy = TypePolicy::strict;
    CHECK(code_of(scene.open().upload(upload_of(source_from_string(page), "cat.png"))) ==
          ErrorCode::configuration);
}

namespace {

/// A scanner that does with its connections, one after the other, what it is told. What a real one will not do on demand: end in the middle, be silent, answer nonsense.
class ScriptedScanner {
public:
    explicit ScriptedScanner(const std::string& path, std::function<void(int)> script)
        : listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), script_(std::move(script)) {
        ::sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(listening_.get(), reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listening_.get(), 4) == 0);
        thread_ = std::thread([this] {
            while (true) {
                const Descriptor connection(::accept(listening_.get(), nullptr, nullptr));
                if (!connection.is_open()) {
                    return;
                }
                script_(connection.get());
            }
        });
    }
    ScriptedScanner(const ScriptedScanner&) = delete;
    ScriptedScanner& operator=(const ScriptedScanner&) = delete;
    ~ScriptedScanner() {
        ::shutdown(listening_.get(), SHUT_RDWR);
        thread_.join();
    }

private:
    Descriptor listening_;
    std::function<void(int)> script_;
    std::thread thread_;
};

/// All that comes before the end that the client announces.
std::string read_stream(int connection) {
    std::string received;
    char bytes[65'536];
    while (!received.ends_with(std::string_view("\0\0\0\0", 4))) {
        const ssize_t count = ::read(connection, bytes, sizeof bytes);
        if (count <= 0) {
            break;
        }
        received.append(bytes, static_cast<std::size_t>(count));
    }
    return received;
}

void say(int connection, std::string_view line) {
    const std::string answer = std::string(line) + '\0';
    static_cast<void>(::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL));
}

}  // namespace

TEST_CASE("a scanner that does not answer, or not well, has nothing stored", "[validation]") {
    struct Row {
        std::string what;
        std::function<void(int)> script;
    };
    const auto cut_after = [](std::string_view answer) {
        return [answer](int connection) {
            static_cast<void>(read_stream(connection));
            static_cast<void>(::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL));
        };
    };
    const std::vector<Row> rows_of_scripts{
        // How a connection looks that was ended early differs from time to time.
        {"", [](int) {}},
        {"it ended without an answer", cut_after("")},
        {"it ended without an answer", cut_after("stream: O")},
        {"it ended without an answer", cut_after("stream: OK")},
        {"it said 'INSTREAM size limit exceeded.'",
         [](int connection) {
             static_cast<void>(read_stream(connection));
             say(connection, "INSTREAM size limit exceeded. ERROR");
         }},
        {"it was silent for 1 seconds",
         [](int connection) {
             static_cast<void>(read_stream(connection));
             char byte = 0;
             static_cast<void>(::read(connection, &byte, 1));
         }},
    };
    const auto index = GENERATE(range(std::size_t{0}, std::size_t{6}));
    const bool hesitates = GENERATE(false, true);
    const Row& row = rows_of_scripts[index];
    Scene scene;
    const ScriptedScanner scanner(scene.directory.file("clamd.ctl"), row.script);
    scene.rules.scanner = "unix:" + scene.directory.file("clamd.ctl");
    scene.rules.scanner_timeout = std::chrono::seconds(1);
    FileService service = scene.open();
    const std::string content(300'000, 'x');
    const auto stored = service.upload(
        upload_of(hesitates ? std::shared_ptr<Source>(std::make_shared<HesitantSource>(content, 50'000))
                            : source_from_string(content)));
    REQUIRE(code_of(stored) == ErrorCode::unavailable);
    CAPTURE(stored.error().message());
    CHECK(stored.error().message().find(row.what) != std::string_view::npos);
    CHECK(scene.files() == 0);
}

TEST_CASE("a scanner sees every byte before anything is stored", "[validation]") {
    Scene scene;
    std::string seen;
    const ScriptedScanner scanner(scene.directory.file("clamd.ctl"), [&](int connection) {
        seen = read_stream(connection);
        say(connection, seen.find("virus") == std::string::npos ? "stream: OK" : "stream: Test-Virus FOUND");
    });
    scene.rules.scanner = "unix:" + scene.directory.file("clamd.ctl");
    FileService service = scene.open();
    const auto size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{65'536}, std::size_t{200'000});
    const std::string content(size, 'y');
    const std::vector<std::shared_ptr<Source>> sources{
        source_from_string(content), std::make_shared<HesitantSource>(content, 30'000),
        std::make_shared<HesitantSource>(content, 30'000, size)};
    for (const auto& source : sources) {
        const auto id = service.upload(upload_of(source));
        INFO((id.ok() ? std::string() : std::string(id.error().message())));
        REQUIRE(id.ok());
        CHECK(content_of(service, *id) == content);
    }
    const int stored = scene.files();
    for (const auto& source :
         {source_from_string(content + "virus"),
          std::shared_ptr<Source>(std::make_shared<HesitantSource>(content + "virus", 30'000)),
          std::shared_ptr<Source>(std::make_shared<HesitantSource>(content + "virus", 30'000, size + 5))}) {
        CHECK(rule_of(service.upload(upload_of(source))) == "scanner");
    }
    CHECK(scene.files() == stored);
}

TEST_CASE("a scanner that is not there has nothing stored", "[validation]") {
    Scene scene;
    scene.rules.scanner = "unix:" + scene.directory.file("clamd.ctl");
    FileService service = scene.open();
    const auto stored = service.upload(upload_of(source_from_string("abc")));
    REQUIRE(code_of(stored) == ErrorCode::unavailable);
    CHECK(stored.error().message().find("clamd.ctl") != std::string_view::npos);
    CHECK(scene.files() == 0);
}

TEST_CASE("a source that gives more than it declares is not cut where it is scanned", "[validation]") {
    Scene scene;
    const ScriptedScanner scanner(scene.directory.file("clamd.ctl"), [](int connection) {
        static_cast<void>(read_stream(connection));
        say(connection, "stream: OK");
    });
    scene.rules.scanner = "unix:" + scene.directory.file("clamd.ctl");
    FileService service = scene.open();
    CHECK(code_of(service.upload(upload_of(mislabelled_source("abcdef", 3, false)))) ==
          ErrorCode::source_failed);
    CHECK(code_of(service.upload(upload_of(mislabelled_source("abc", 6, false)))) ==
          ErrorCode::source_failed);
    // The first piece is all that was declared.
    CHECK(code_of(service.upload(upload_of(std::make_shared<HesitantSource>("abcdef", 3, 3)))) ==
          ErrorCode::source_failed);
    CHECK(scene.files() == 0);
}
