#include "s3/transfer/part_memory.h"

#include <catch2/catch.hpp>

#include "s3/transfer/part_buffer.h"

using namespace filestore;
using namespace filestore::s3;

namespace {

std::shared_ptr<PartMemory::Upload> upload(std::shared_ptr<PauseSwitch> pause = nullptr) {
    return std::make_shared<PartMemory::Upload>(std::move(pause));
}

}  // namespace

TEST_CASE("the first share of an upload is given while no other has one", "[s3][part_memory]") {
    const auto memory = std::make_shared<PartMemory>(10);
    const auto one = upload();
    const auto other = upload();
    auto large = memory->take(100, one, {});
    REQUIRE(large);
    CHECK_FALSE(memory->take(1, other, {}));
    CHECK_FALSE(memory->take(1, one, {}));
    large.reset();
    CHECK(memory->take(100, other, {}));
}

TEST_CASE("what a paused upload holds keeps no other from its first share", "[s3][part_memory]") {
    const auto memory = std::make_shared<PartMemory>(10);
    const auto pause = std::make_shared<PauseSwitch>();
    const auto paused = upload(pause);
    const auto other = upload();
    const auto held = memory->take(10, paused, {});
    REQUIRE(held);
    CHECK_FALSE(memory->take(5, other, {}));
    pause->pause();
    const auto first = memory->take(5, other, {});
    REQUIRE(first);
    CHECK_FALSE(memory->take(5, other, {}));
    CHECK_FALSE(memory->take(5, upload(), {}));
    pause->resume();
}

TEST_CASE("an upload whose source has just stopped does not rest yet", "[s3][part_memory]") {
    const auto memory = std::make_shared<PartMemory>(10);
    const auto hesitant = upload();
    const auto held = memory->take(10, hesitant, {});
    REQUIRE(held);
    memory->note_waiting(*hesitant, true);
    memory->note_waiting(*hesitant, false);
    CHECK_FALSE(memory->take(5, upload(), {}));
}

TEST_CASE("downloads hold what they hold", "[s3][part_memory]") {
    const auto memory = std::make_shared<PartMemory>(10);
    const auto download = memory->take_for_download(8, 2, {});
    REQUIRE(download);
    CHECK_FALSE(memory->take_for_download(1, 2, {}));
    CHECK(memory->take(100, upload(), {}));
}

TEST_CASE("a part is kept in what another one of its size has left behind, until no share is out",
          "[s3][part_memory]") {
    constexpr std::size_t size = 8192;
    const auto memory = std::make_shared<PartMemory>(std::uint64_t{10} * size);
    const auto part_with_share = [&](std::size_t bytes) {
        auto part = std::make_shared<MemoryPart>(bytes, memory);
        part->hold(*memory->take(bytes, upload(), {}));
        return part;
    };
    auto kept = part_with_share(size);
    auto first = part_with_share(size);
    const std::byte* const place = first->room().data();
    first->room()[0] = std::byte{1};
    first.reset();
    const auto larger = part_with_share(2 * size);
    CHECK(larger->room().data() != place);
    auto second = part_with_share(size);
    CHECK(second->room().data() == place);
    CHECK(second->room()[0] == std::byte{1});
    CHECK(second->room().size() == size);

    // One without a share leaves nothing behind.
    second.reset();
    MemoryPart without(size, memory);
    CHECK(without.room().data() == place);
}

TEST_CASE("without shares that are out no memory is kept", "[s3][part_memory]") {
    constexpr std::size_t size = 8192;
    const auto memory = std::make_shared<PartMemory>(std::uint64_t{10} * size);
    {
        MemoryPart part(size, memory);
        part.hold(*memory->take(size, upload(), {}));
        part.room()[0] = std::byte{1};
    }
    CHECK(MemoryPart(size, memory).room()[0] == std::byte{0});
}
