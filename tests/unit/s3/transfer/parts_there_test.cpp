#include "s3/transfer/parts_there.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "core/checksum/checksum.h"
#include "s3/transfer/part_digests.h"

using namespace filestore;
using namespace filestore::s3;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::shared_ptr<MemoryPart> part_with(const std::string& text) {
    auto part = std::make_shared<MemoryPart>(100);
    std::copy_n(bytes_of(text).begin(), text.size(), part->room().begin());
    REQUIRE(part->added(text.size()).ok());
    return part;
}

const ListedPart* find(const PartsThere& there, std::uint32_t number, const std::string& text) {
    return there.find(number, *part_with(text)).value();
}

ListedPart part_of(std::uint32_t number, const std::string& text) {
    return {number, text.size(), plain_etag(*part_with(text)).value(), {}};
}

ListedPart with_checksum(ListedPart part, ChecksumAlgorithm algorithm, const std::string& text) {
    part.checksums.push_back({algorithm, checksum_of(algorithm, bytes_of(text)).text(), 0});
    return part;
}

}  // namespace

TEST_CASE("a part is there with its number, its size and its bytes", "[resume]") {
    PartsThere there;
    there.add({part_of(1, "one"), part_of(3, "three")});
    there.add({part_of(4, "four")});
    for (const auto& [number, text, found] :
         {std::tuple(1U, "one", true), std::tuple(1U, "two", false), std::tuple(1U, "on", false),
          std::tuple(1U, "ones", false), std::tuple(2U, "one", false), std::tuple(3U, "three", true),
          std::tuple(4U, "four", true), std::tuple(5U, "four", false)}) {
        INFO(number << text);
        const ListedPart* const part = find(there, number, text);
        CHECK((part != nullptr) == found);
        CHECK((part == nullptr || part->number == number));
    }
}

TEST_CASE("a checksum tells more of a part than its ETag", "[resume]") {
    for (const ChecksumAlgorithm algorithm : all_checksum_algorithms) {
        ListedPart right = with_checksum(part_of(1, "text"), algorithm, "text");
        right.etag = "encrypted";
        const ListedPart wrong = with_checksum(part_of(2, "text"), algorithm, "test");
        PartsThere there;
        there.add({right, wrong});
        CHECK(find(there, 1, "text") != nullptr);
        CHECK(find(there, 2, "text") == nullptr);
    }
}

TEST_CASE("a part that nothing tells of is not there", "[resume]") {
    ListedPart opaque = part_of(1, "text");
    opaque.etag = "not-an-md5";
    ListedPart composite = opaque;
    composite.number = 2;
    composite.checksums.push_back(
        {ChecksumAlgorithm::crc32c, checksum_of(ChecksumAlgorithm::crc32c, bytes_of("text")).text(), 1});
    ListedPart nameless = with_checksum(part_of(3, "text"), ChecksumAlgorithm::crc32c, "text");
    nameless.etag.clear();
    PartsThere there;
    there.add({opaque, composite, nameless});
    CHECK(find(there, 3, "text") == nullptr);
    CHECK(find(there, 1, "text") == nullptr);
    CHECK(find(there, 2, "text") == nullptr);
}
