#include "filestore/reconcile.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/catalogue.h"
#include "filestore/service.h"
#include "support/code_of.h"
#include "support/settable_clock.h"
#include "support/spoiled_backend.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

using Findings = std::vector<DriftFinding>;

/// A service on a local store, without an audit server.
struct Scene {
    TemporaryDirectory directory;
    std::shared_ptr<SettableClock> clock =
        std::make_shared<SettableClock>(Timestamp(std::chrono::sys_days(std::chrono::year(2100) / 3 / 1)));
    std::shared_ptr<SpoiledBackend> backend = std::make_shared<SpoiledBackend>(local());
    FileService service = open(directory.file("catalogue.sqlite"));
    Findings findings;

    [[nodiscard]] std::shared_ptr<StorageBackend> local() const {
        LocalOptions options;
        options.base_path = directory.file("store");
        options.durability = Durability::none;
        return open_local_backend(options).value();
    }

    [[nodiscard]] FileService open(const std::string& catalogue) const {
        ServiceOptions options;
        options.catalogue_path = catalogue;
        options.audit.url = "off";
        options.clock = clock;
        return FileService::open(backend, options).value();
    }

    FileId upload() {
        FileUpload file;
        file.source = source_from_string("x");
        file.path = "x.txt";
        const auto id = service.upload(std::move(file));
        REQUIRE(id.ok());
        return *id;
    }

    FileId store_unrecorded() const {
        const FileId id = FileId::generate().value();
        UploadRequest file;
        file.id = id;
        file.source = source_from_string("unrecorded");
        file.original_path = "old.txt";
        file.metadata = Metadata::parse(R"({"owner":"ada"})").value();
        REQUIRE(backend->upload(std::move(file)).ok());
        return id;
    }

    void lose(const FileId& id) const {
        std::filesystem::remove(directory.file("store/" + id.str()));
        std::filesystem::remove(directory.file("store/metadata/" + id.str() + ".json"));
    }

    /// As another process does it.
    [[nodiscard]] std::unique_ptr<Catalogue> catalogue() const {
        return Catalogue::open(directory.file("catalogue.sqlite")).value();
    }

    void record_deletion(const FileId& id) const {
        const auto other = catalogue();
        Intent intent;
        intent.id = id;
        intent.operation = Operation::removal;
        intent.number = other->begin(intent).value();
        REQUIRE(other->complete(intent, clock->now()).ok());
    }

    [[nodiscard]] Result<CatalogueRow> row(const FileId& id) const { return catalogue()->row(id); }

    Result<ReconcileReport> try_to_reconcile(bool repair) {
        findings.clear();
        ReconcileRequest request;
        request.repair = repair;
        request.on_finding = [this](const DriftFinding& finding) -> Result<void> {
            findings.push_back(finding);
            return {};
        };
        return service.reconcile(std::move(request));
    }

    ReconcileReport reconcile(bool repair = true) {
        const auto report = try_to_reconcile(repair);
        INFO((report.ok() ? std::string() : std::string(report.error().message())));
        REQUIRE(report.ok());
        return *report;
    }
};

}  // namespace

TEST_CASE("a file without a record gets the one that it tells itself", "[reconcile]") {
    Scene scene;
    scene.upload();
    const FileId id = scene.store_unrecorded();
    CHECK(scene.reconcile(false) == ReconcileReport{.files = 2, .unrecorded = 1});
    CHECK(code_of(scene.row(id)) == ErrorCode::not_found);
    CHECK(scene.reconcile() == ReconcileReport{.files = 2, .unrecorded = 1, .repaired = 1});
    REQUIRE(scene.findings.size() == 1);
    CHECK(scene.findings[0].id == id);
    CHECK(scene.findings[0].repaired);
    const auto row = scene.row(id);
    REQUIRE(row.ok());
    CHECK(row->file_path == "old.txt");
    CHECK(row->metadata.to_json() == R"({"owner":"ada"})");
    CHECK(row->uploaded_at == scene.backend->metadata({id, {}})->last_modified);
    CHECK_FALSE(row->deleted_at);
    CHECK(scene.reconcile() == ReconcileReport{.files = 2});
}

TEST_CASE("a record without a file is one of a deletion", "[reconcile]") {
    Scene scene;
    const FileId id = scene.upload();
    scene.lose(id);
    CHECK(scene.reconcile(false) == ReconcileReport{.missing = 1});
    CHECK_FALSE(scene.row(id)->deleted_at);
    scene.clock->advance(std::chrono::seconds(-1));
    CHECK(scene.reconcile() == ReconcileReport{.missing = 1, .repaired = 1});
    CHECK(scene.row(id)->deleted_at == scene.clock->now());
    CHECK(scene.reconcile() == ReconcileReport{});
}

TEST_CASE("a file that is recorded as deleted is stored again, with its time", "[reconcile]") {
    Scene scene;
    const FileId id = scene.upload();
    const auto uploaded_at = scene.row(id)->uploaded_at;
    scene.record_deletion(id);
    CHECK(scene.reconcile() == ReconcileReport{.files = 1, .marked_deleted = 1, .repaired = 1});
    CHECK_FALSE(scene.row(id)->deleted_at);
    CHECK(scene.row(id)->uploaded_at == uploaded_at);
    CHECK(scene.backend->exists({id, {}}).value());
    CHECK(scene.reconcile() == ReconcileReport{.files = 1});
}

TEST_CASE("a file that somebody is at work on is left out of a reconciliation", "[reconcile]") {
    Scene scene;
    const FileId id = scene.store_unrecorded();
    const auto other = scene.catalogue();
    Intent intent;
    intent.id = id;
    intent.number = other->begin(intent).value();
    CHECK(scene.reconcile(false) == ReconcileReport{.files = 1, .left_out = 1});
    CHECK(scene.reconcile() == ReconcileReport{.files = 1, .left_out = 1});
    CHECK(code_of(scene.row(id)) == ErrorCode::not_found);
    CHECK(scene.findings.empty());
}

TEST_CASE("a file whose record changes while it is looked at is left out of a reconciliation",
          "[reconcile]") {
    Scene scene;
    const FileId id = scene.store_unrecorded();
    scene.backend->before_metadata = [&](const FileId& asked) {
        scene.record_deletion(asked);
        return std::optional<Error>();
    };
    CHECK(scene.reconcile() == ReconcileReport{.files = 1, .left_out = 1});
    CHECK(scene.row(id)->deleted_at);
}

TEST_CASE("a file that cannot be looked at is told of, and the rest goes on", "[reconcile]") {
    Scene scene;
    const FileId bad = scene.store_unrecorded();
    scene.store_unrecorded();
    scene.backend->before_metadata = [&](const FileId& asked) {
        return asked == bad ? std::optional(Error(ErrorCode::corrupt, "spoilt")) : std::nullopt;
    };
    const auto report = scene.reconcile();
    CHECK(report == ReconcileReport{.files = 2, .unrecorded = 2, .repaired = 1, .failed = 1});
    CHECK_FALSE(report.agrees());
    const auto failed = std::find_if(scene.findings.begin(), scene.findings.end(),
                                     [](const DriftFinding& finding) { return !finding.repaired; });
    REQUIRE(failed != scene.findings.end());
    CHECK(failed->id == bad);
    CHECK(failed->reason->message() == "spoilt");

    scene.backend->before_metadata = [](const FileId&) {
        return std::optional(Error(ErrorCode::unauthenticated, "no keys"));
    };
    CHECK(code_of(scene.try_to_reconcile(true)) == ErrorCode::unauthenticated);
}

TEST_CASE("findings come in the order of their IDs, however many there are", "[reconcile]") {
    Scene scene;
    std::vector<FileId> ids;
    for (int i = 0; i < 300; ++i) {
        ids.push_back(i % 2 == 0 ? scene.store_unrecorded() : scene.upload());
        if (i % 2 == 1) {
            scene.lose(ids.back());
        }
    }
    std::sort(ids.begin(), ids.end());
    CHECK(scene.reconcile() ==
          ReconcileReport{.files = 150, .unrecorded = 150, .missing = 150, .repaired = 300});
    std::vector<FileId> found;
    std::transform(scene.findings.begin(), scene.findings.end(), std::back_inserter(found),
                   [](const DriftFinding& finding) { return finding.id; });
    CHECK((found == ids));
    CHECK(scene.reconcile() == ReconcileReport{.files = 150});
}

TEST_CASE("a reconciliation ends with what its caller says", "[reconcile]") {
    Scene scene;
    scene.store_unrecorded();
    ReconcileRequest refused;
    refused.on_finding = [](const DriftFinding&) {
        return Result<void>(Error(ErrorCode::rejected, "enough"));
    };
    CHECK(code_of(scene.service.reconcile(std::move(refused))) == ErrorCode::rejected);
    ReconcileRequest late;
    late.call.deadline = std::chrono::steady_clock::now();
    CHECK(code_of(scene.service.reconcile(std::move(late))) == ErrorCode::timeout);
}

TEST_CASE("without a catalogue there is nothing to reconcile", "[reconcile]") {
    Scene scene;
    FileService service = scene.open("off");
    CHECK(code_of(service.reconcile({})) == ErrorCode::configuration);
}
