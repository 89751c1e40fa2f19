#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "conformance/feature.h"

using namespace filestore;
using namespace filestore::test;

FEATURE_TEST_CASE("list", "a listing gives every file once, in order, whatever the page", "[list]") {
    const auto backend = store.open_backend();
    CHECK(list_ids(*backend).empty());
    std::vector<FileId> stored;
    for (int i = 0; i < 25; ++i) {
        stored.push_back(store_bytes(*backend, std::string(static_cast<std::size_t>(i), 'x')));
    }
    std::sort(stored.begin(), stored.end());
    for (const std::size_t page_size :
         {std::size_t{1}, std::size_t{10}, std::size_t{24}, std::size_t{25}, std::size_t{1000}}) {
        CAPTURE(page_size);
        CHECK(list_ids(*backend, page_size) == stored);
    }
}

FEATURE_TEST_CASE("list", "a listing tells size and time", "[list]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "12345");
    const auto page = backend->list({});
    REQUIRE(page.ok());
    REQUIRE(page->files.size() == 1);
    CHECK(page->files[0].id == id);
    CHECK(page->files[0].size == 5);
    const auto age = std::chrono::system_clock::now() - page->files[0].last_modified;
    CHECK(age > std::chrono::minutes(-1));
    CHECK(age < std::chrono::minutes(10));
}

FEATURE_TEST_CASE("list", "a page holds 1 to 1000 files", "[list]") {
    const auto backend = store.open_backend();
    for (const std::size_t limit : {std::size_t{0}, std::size_t{1001}}) {
        ListRequest request;
        request.limit = limit;
        const auto page = backend->list(request);
        REQUIRE_FALSE(page.ok());
        CHECK(page.error().code() == ErrorCode::invalid_argument);
    }
}

TEST_CASE("what is not ours in a local store is not listed", "[list]") {
    const TestStore store("local");
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "x");
    const std::filesystem::path base = store.options().local.base_path;
    std::ofstream(base / "README.txt") << "by hand";
    std::filesystem::create_directory(base / FileId::generate()->str());
    std::filesystem::create_symlink("/etc/passwd", base / FileId::generate()->str());
    CHECK(list_ids(*backend) == std::vector<FileId>{id});
}
