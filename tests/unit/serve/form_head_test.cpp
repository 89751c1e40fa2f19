#include "serve/form_head.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>

using filestore::tool::serve::plain_head;

TEST_CASE("heads of parts as the parser wants them") {
    struct Case {
        std::string_view lines;
        std::optional<std::string> plain;
    };
    const Case cases[] = {
        {"", ""},
        {"Content-Type: text/plain\r\n", "Content-Type: text/plain\r\n"},
        {"Content-Type:text/plain\r\n", "Content-Type: text/plain\r\n"},
        {"CONTENT-type: \t text/plain \r\n", "Content-Type: text/plain\r\n"},
        {"content-disposition:form-data; name=\"a\"\r\nContent-Transfer-Encoding: binary\r\n",
         "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: binary\r\n"},
        {"Content-Disposition: a\r\nContent-Type: b\r\ncontent-disposition: c\r\nContent-Type: d\r\n",
         "Content-Disposition: c\r\nContent-Type: b\r\nContent-Type: d\r\n"},
        {"X-Type: Content-Type: image/png\r\nContent-Length: 5\r\n", ""},
        {"Content-Type:\r\n", "Content-Type: \r\n"},
        {std::string_view("Content-Type: a\0b\r\n", 19), "Content-Type: a\uFFFDb\r\n"},
        {"Content-Type\r\n", std::nullopt},
        {": x\r\n", std::nullopt},
        {"Content Type: x\r\n", std::nullopt},
        {"Content-Type : x\r\n", std::nullopt},
        {"Content-Type: x\r\n folded\r\n", std::nullopt},
        {"\r\n", std::nullopt},
    };
    for (const Case& one : cases) {
        CAPTURE(one.lines);
        CHECK(plain_head(one.lines) == one.plain);
    }
}
