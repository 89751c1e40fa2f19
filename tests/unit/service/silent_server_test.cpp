/// An audit server that takes connections and never answers keeps nobody waiting but those who ask it.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <string>

#include "core/descriptor.h"
#include "filestore/service.h"
#include "support/code_of.h"
#include "support/temporary_directory.h"

using namespace filestore;
using filestore::test::TemporaryDirectory;

namespace {

/// The system takes connections in its place, as many as fit into its queue.
class SilentServer {
public:
    SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(socket_.get(), any, size) == 0);
        REQUIRE(::listen(socket_.get(), 64) == 0);
        REQUIRE(::getsockname(socket_.get(), any, &size) == 0);
        port_ = ntohs(address.sin_port);
    }

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
    const Descriptor socket_;
    unsigned port_ = 0;
};

FileService open_with(const SilentServer& server, const TemporaryDirectory& directory) {
    ServiceOptions options;
    options.local.base_path = directory.file("store");
    options.local.durability = Durability::none;
    options.audit.url = server.url();
    options.audit.key = "sb_secret_of_the_test";
    return FileService::open(std::move(options)).value();
}

/// More than the service has threads.
constexpr int many = 5;

}  // namespace

TEST_CASE("operations on files do not wait for those that ask an audit server", "[audit][service]") {
    const TemporaryDirectory directory;
    const SilentServer server;
    std::atomic<int> ended = 0;
    std::atomic<int> cancelled = 0;
    const auto take = [&](const auto& result) {
        ++ended;
        cancelled += code_of(result) == ErrorCode::cancelled ? 1 : 0;
    };
    int begun = 0;
    {
        FileService service = open_with(server, directory);
        SECTION("cleanups") {
            for (; begun < many; ++begun) {
                service.cleanup_async({}, take);
            }
        }
        SECTION("reconciliations") {
            for (; begun < many; ++begun) {
                service.reconcile_async({}, take);
            }
        }
        SECTION("histories") {
            for (; begun < many; ++begun) {
                service.history_async({FileId::generate().value(), {}}, take);
            }
        }
        SECTION("recorded files") {
            for (; begun < many; ++begun) {
                service.recorded_files_async({}, take);
            }
        }
        FileUpload file;
        file.source = source_from_string("content");
        const auto id = service.upload(std::move(file));
        REQUIRE(id.ok());
        CHECK(service.exists({*id, {}}).value());
        CHECK(service.remove({*id, {}}).value());
        // Else it waited for some of them.
        CHECK(ended == 0);
    }
    CHECK(ended == begun);
    CHECK(cancelled == begun);
}
