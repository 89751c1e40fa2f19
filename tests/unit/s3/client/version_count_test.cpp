#include "s3/client/version_count.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace filestore;
using namespace filestore::s3;

namespace {

S3VersionEntry version(std::string key, std::string id, bool latest, std::uint64_t size) {
    return {std::move(key), std::move(id), latest, false, size, {}, {}};
}

S3VersionEntry marker(std::string key, std::string id, bool latest = true) {
    return {std::move(key), std::move(id), latest, true, 0, {}, {}};
}

}  // namespace

TEST_CASE("older versions and markers that hide nothing are counted", "[s3][versions]") {
    struct Row {
        const char* name;
        std::vector<S3VersionEntry> listed;
        KeptVersions counted;
    };
    const Row rows[] = {
        {"nothing", {}, {}},
        {"files as they are", {version("a", "1", true, 5), version("b", "1", true, 6)}, {}},
        {"a file that was replaced twice",
         {version("a", "3", true, 5), version("a", "2", false, 6), version("a", "1", false, 7)},
         {2, 13, 0}},
        {"a removed file", {marker("a", "2"), version("a", "1", false, 7)}, {1, 7, 0}},
        {"a removed file whose version is said to be the newest as well",
         {version("a", "1", true, 7), version("a", "0", false, 2), marker("a", "2")},
         {2, 9, 0}},
        {"a file that was removed and stored again",
         {version("a", "3", true, 1), marker("a", "2", false), version("a", "1", false, 7)},
         {1, 7, 0}},
        {"markers alone, in the middle and at the end",
         {marker("a", "1"), version("b", "1", true, 5), marker("c", "2"), marker("c", "1", false)},
         {0, 0, 3}},
        {"a version that comes again with the next page",
         {version("a", "2", true, 5), version("a", "1", false, 6), version("a", "1", false, 6),
          marker("b", "1"), marker("b", "1")},
         {1, 6, 1}},
        {"versions of the same name of two files", {marker("a", "null"), marker("b", "null")}, {0, 0, 2}},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        VersionCounter counter;
        for (const S3VersionEntry& entry : row.listed) {
            counter.add(entry);
        }
        CHECK(counter.total() == row.counted);
    }
}
