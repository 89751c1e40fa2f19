#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "audit/catalogue.h"
#include "audit/sent_copies.h"
#include "filestore/file_exporter.h"
#include "filestore/service.h"
#include "support/temporary_directory.h"

using namespace filestore;
using filestore::test::TemporaryDirectory;

namespace {

/// A copy at a place, of a file that is deleted.
FileId copy_to_remove(const std::string& catalogue_path, const std::string& base_url) {
    auto catalogue = Catalogue::open(catalogue_path);
    REQUIRE(catalogue.ok());
    CopyRow row;
    row.id = FileId::generate().value();
    row.profile = "openai";
    row.base_url = base_url;
    row.purpose = "user_data";
    row.sent_name = row.id.str();
    REQUIRE((*catalogue)
                ->use_sent_copies([&](SentCopies& copies) -> Result<void> {
                    const std::int64_t number = copies.begin(row).value().number();
                    REQUIRE(copies.complete(number, {"file-1", {}, {}}).ok());
                    return copies.mark_for_removal(number, {});
                })
                .ok());
    return row.id;
}

}  // namespace

TEST_CASE("what another program was allowed to send in plain is not removed in plain", "[export]") {
    const TemporaryDirectory directory;
    ServiceOptions store;
    store.local.base_path = directory.path().string();
    const auto service = FileService::open(store);
    REQUIRE(service.ok());
    // Nobody answers there.
    const FileId id = copy_to_remove(service->catalogue_path(), "http://192.0.2.2:9/v1");
    bool was_asked_for_key = false;
    ExporterOptions options;
    options.backend = service->backend();
    options.catalogue_path = service->catalogue_path();
    options.retry.max_attempts = 1;
    options.key = [&](const ExportTarget&) -> Result<SecretString> {
        was_asked_for_key = true;
        return SecretString("key");
    };
    auto exporter = FileExporter::open(options);
    REQUIRE(exporter.ok());
    CallOptions limits;
    limits.deadline = deadline_in(std::chrono::seconds(2));
    const auto settled = exporter->settle(limits);
    REQUIRE(settled.ok());
    REQUIRE(settled->waiting.size() == 1);
    CHECK(settled->waiting.front().id == id);
    CHECK(settled->waiting.front().reason.find("without TLS") != std::string::npos);
    CHECK_FALSE(was_asked_for_key);
}
