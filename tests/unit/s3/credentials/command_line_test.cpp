#include "s3/credentials/command_line.h"

#include <catch2/catch.hpp>

using filestore::ErrorCode;
using filestore::s3::split_command_line;

namespace {

using Words = std::vector<std::string>;

struct Case {
    std::string_view line;
    Words words;
};

}  // namespace

TEST_CASE("a command line is split as a shell splits it", "[s3][credentials]") {
    const std::vector<Case> cases{
        {"give", {"give"}},
        {"  give \t keys  ", {"give", "keys"}},
        {"'/opt/my tools/give' --for 'a b'", {"/opt/my tools/give", "--for", "a b"}},
        {R"("/opt/my tools/give" "a \"b\" \\ \c")", {"/opt/my tools/give", R"(a "b" \ \c)"}},
        {R"(give a\ b \\ \')", {"give", "a b", "\\", "'"}},
        {R"(give 'a\b"c' "d'e")", {"give", R"(a\b"c)", "d'e"}},
        {R"(give "" '' a''b)", {"give", "", "", "ab"}},
    };
    for (const Case& each : cases) {
        INFO(each.line);
        const auto words = split_command_line(each.line);
        REQUIRE(words.ok());
        CHECK(*words == each.words);
    }
}

TEST_CASE("nothing that only a shell understands has a meaning", "[s3][credentials]") {
    const auto words = split_command_line("give; rm -rf $HOME `id` $(id) | tee > file && a & * ~ #c");
    REQUIRE(words.ok());
    CHECK(*words == Words{"give;", "rm", "-rf", "$HOME", "`id`", "$(id)", "|", "tee", ">", "file", "&&", "a",
                          "&", "*", "~", "#c"});
}

TEST_CASE("a command line that cannot be split is refused without being repeated", "[s3][credentials]") {
    using namespace std::string_view_literals;
    for (const std::string_view line : {"canary 'open"sv, "canary \"open"sv, "canary \\"sv, "can\0ary"sv}) {
        const auto words = split_command_line(line);
        REQUIRE_FALSE(words.ok());
        CHECK(words.error().code() == ErrorCode::configuration);
        CHECK(words.error().message().find("canary") == std::string_view::npos);
    }
    CHECK_FALSE(split_command_line("").ok());
    CHECK_FALSE(split_command_line("  ").ok());
    CHECK_FALSE(split_command_line("'' a").ok());
}
