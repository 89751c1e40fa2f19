#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "filestore/service.h"
#include "support/code_of.h"
#include "support/files.h"
#include "support/memory_backend.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

using Names = std::vector<std::string>;

struct Scene {
    TemporaryDirectory directory;
    FileService service = open("");

    [[nodiscard]] FileService open(const std::string& catalogue) const {
        ServiceOptions options;
        options.local.base_path = directory.file("store");
        options.local.durability = Durability::none;
        options.catalogue_path = catalogue;
        return FileService::open(std::move(options)).value();
    }

    [[nodiscard]] FileId store(const std::string& name, const std::string& metadata = "{}") {
        FileUpload file;
        file.source = source_from_string(name);
        file.path = name;
        file.metadata = Metadata::parse(metadata).value();
        return service.upload(std::move(file)).value();
    }

    /// Of all pages, and how many there were.
    [[nodiscard]] std::pair<Names, int> names(CataloguedFilesRequest request) {
        Names all;
        for (int pages = 1;; ++pages) {
            const auto page = service.catalogued_files(request);
            REQUIRE(page.ok());
            for (const FileHistory& file : page->files) {
                all.push_back(file.file_path);
            }
            if (!page->next) {
                return {all, pages};
            }
            request.behind = page->next;
        }
    }
};

CataloguedFilesRequest pages_of(std::uint32_t limit, bool newest_first = false) {
    CataloguedFilesRequest request;
    request.limit = limit;
    request.newest_first = newest_first;
    return request;
}

}  // namespace

TEST_CASE("catalogued files come in the order of their uploads, either way", "[service]") {
    Scene scene;
    CHECK(scene.names({}) == std::pair(Names(), 1));
    for (const char* const name : {"a", "b", "c", "d", "e"}) {
        static_cast<void>(scene.store(name));
    }
    const Names oldest_first{"a", "b", "c", "d", "e"};
    const Names newest_first{"e", "d", "c", "b", "a"};
    CHECK(scene.names(pages_of(1000)) == std::pair(oldest_first, 1));
    CHECK(scene.names(pages_of(2)) == std::pair(oldest_first, 3));
    CHECK(scene.names(pages_of(1, true)) == std::pair(newest_first, 6));
    CHECK(scene.names(pages_of(5, true)) == std::pair(newest_first, 2));
}

TEST_CASE("a page of catalogued files goes on behind a file that was deleted", "[service]") {
    Scene scene;
    static_cast<void>(scene.store("a"));
    const FileId gone = scene.store("b");
    static_cast<void>(scene.store("c"));
    REQUIRE(scene.service.remove({gone, {}}).value());
    CHECK(scene.names(pages_of(1000)) == std::pair(Names{"a", "c"}, 1));
    CataloguedFilesRequest behind = pages_of(1000);
    behind.behind = gone;
    CHECK(scene.names(behind).first == Names{"c"});
    behind.newest_first = true;
    CHECK(scene.names(behind).first == Names{"a"});
}

TEST_CASE("catalogued files are chosen by a key of their metadata, and by the caller", "[service]") {
    Scene scene;
    static_cast<void>(scene.store("a", R"({"kind":"x"})"));
    static_cast<void>(scene.store("b", R"({"note":"kind"})"));
    static_cast<void>(scene.store("c", R"({"other":{"kind":1}})"));
    static_cast<void>(scene.store("d", R"({"kind":null})"));
    CataloguedFilesRequest request = pages_of(1);
    request.key = "kind";
    CHECK(scene.names(request) == std::pair(Names{"a", "d"}, 5));
    request.wants = [](const FileHistory& file) { return file.metadata.text("kind").has_value(); };
    CHECK(scene.names(request).first == Names{"a"});
}

TEST_CASE("catalogued files that cannot be told of", "[service]") {
    Scene scene;
    CHECK(code_of(scene.service.catalogued_files(pages_of(0))) == ErrorCode::invalid_argument);
    CHECK(code_of(scene.service.catalogued_files(pages_of(1001))) == ErrorCode::invalid_argument);
    CataloguedFilesRequest request = pages_of(10);
    request.behind = FileId::generate().value();
    CHECK(code_of(scene.service.catalogued_files(request)) == ErrorCode::not_found);
    static_cast<void>(scene.store("a"));
    CHECK(code_of(scene.service.catalogued_files(request)) == ErrorCode::not_found);
    FileService without = scene.open("off");
    CHECK(code_of(without.catalogued_files(pages_of(10))) == ErrorCode::configuration);
}

TEST_CASE("metadata that comes behind the bytes is stored and recorded", "[service]") {
    Scene scene;
    REQUIRE(scene.service.takes_late_metadata());
    FileUpload file;
    file.source = source_from_string("content");
    file.metadata = Metadata::parse(R"({"early":1})").value();
    file.late_metadata = [] { return Metadata::parse(R"({"late":"yes"})"); };
    const FileId id = scene.service.upload(std::move(file)).value();
    const Metadata wanted = Metadata::parse(R"({"late":"yes"})").value();
    CHECK(scene.service.metadata({id, {}})->metadata == wanted);
    CHECK(scene.service.history({id, {}})->metadata == wanted);
}

TEST_CASE("late metadata that cannot be had, or may not be, stores nothing", "[service]") {
    Scene scene;
    const std::string refused = GENERATE(R"({"size":1})", "");
    FileUpload file;
    file.source = source_from_string("content");
    file.late_metadata = [refused]() -> Result<Metadata> {
        return refused.empty() ? Error(ErrorCode::cancelled) : Metadata::parse(refused);
    };
    CHECK(code_of(scene.service.upload(std::move(file))) ==
          (refused.empty() ? ErrorCode::cancelled : ErrorCode::invalid_argument));
    CHECK(scene.service.list({})->files.empty());
    CHECK(scene.names({}).first.empty());
}

TEST_CASE("a backend that has to have the metadata first says so", "[service]") {
    const TemporaryDirectory directory;
    ServiceOptions options;
    options.catalogue_path = directory.file("catalogue.sqlite");
    FileService service =
        FileService::open(std::make_shared<MemoryBackend>(nullptr), std::move(options)).value();
    CHECK_FALSE(service.takes_late_metadata());
    FileUpload file;
    file.source = source_from_string("content");
    file.late_metadata = [] { return Result<Metadata>(Metadata()); };
    CHECK(code_of(service.upload(std::move(file))) == ErrorCode::unsupported);
}
