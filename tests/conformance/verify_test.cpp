#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <utility>
#include <vector>

#include "conformance/stores.h"
#include "support/code_of.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// Some files, recorded, in order.
std::vector<FileId> upload_some(FileService& service, std::size_t count) {
    std::vector<FileId> ids;
    for (std::size_t i = 0; i < count; ++i) {
        FileUpload upload;
        upload.source = source_from_string("0123456789");
        ids.push_back(service.upload(std::move(upload)).value());
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

VerifyRequest into(std::vector<std::pair<FileId, Damage>>& found) {
    VerifyRequest request;
    request.on_finding = [&found](const VerifyFinding& finding) -> Result<void> {
        found.emplace_back(finding.id, finding.damage);
        return {};
    };
    return request;
}

}  // namespace

TEST_CASE("verify reads every file, and finds that a recorded one is gone", "[verify]") {
    FOR_EACH_STORE(store);
    FileService service = store.open_service();
    CHECK(service.verify({}).value() == VerifyReport{});
    const auto ids = upload_some(service, 5);
    std::vector<std::pair<FileId, Damage>> found;
    VerifyProgress last;
    VerifyRequest request = into(found);
    request.progress = [&last](const VerifyProgress& progress) { last = progress; };
    const auto sound = service.verify(std::move(request));
    REQUIRE(sound.ok());
    CHECK((sound->files == 5 && sound->bytes == 50 && sound->sound()));
    CHECK((last.files_done == 5 && last.bytes_done == 50));
    CHECK(found.empty());

    CHECK(store.open_backend()->remove({ids[2], {}}).ok());
    const auto damaged = service.verify(into(found));
    REQUIRE(damaged.ok());
    CHECK((damaged->files == 5 && damaged->missing == 1));
    CHECK(found == std::vector<std::pair<FileId, Damage>>{{ids[2], Damage::missing}});
}

TEST_CASE("a run of verify ends when it is told to, and by its listener's failure", "[verify]") {
    FOR_EACH_STORE(store);
    FileService service = store.open_service();
    const auto ids = upload_some(service, 2);
    VerifyRequest stopped;
    std::stop_source stop;
    stop.request_stop();
    stopped.call.cancel = stop.get_token();
    CHECK(code_of(service.verify(std::move(stopped))) == ErrorCode::cancelled);

    CHECK(store.open_backend()->remove({ids[0], {}}).ok());
    VerifyRequest failing;
    failing.on_finding = [](const VerifyFinding&) -> Result<void> {
        return Error(ErrorCode::rejected, "enough");
    };
    CHECK(code_of(service.verify(std::move(failing))) == ErrorCode::rejected);

    VerifyRequest too_wide;
    too_wide.parallel = 65;
    CHECK(code_of(service.verify(std::move(too_wide))) == ErrorCode::invalid_argument);
}

TEST_CASE("a store repairs, and goes on with a run, where it can, and says so where it cannot", "[verify]") {
    FOR_EACH_STORE(store);
    FileService service = store.open_service();
    upload_some(service, 1);
    VerifyRequest repairing;
    repairing.repair = true;
    VerifyRequest resuming;
    resuming.resume = true;
    const ErrorCode expected = store.is_s3() ? ErrorCode::unsupported : ErrorCode::ok;
    CHECK(code_of(service.verify(std::move(repairing))) == expected);
    CHECK(code_of(service.verify(std::move(resuming))) == expected);
}
