#include "s3/protocol/xml_writer.h"

#include <catch2/catch.hpp>
#include <pugixml.hpp>

#include "s3/protocol/xml_reader.h"

using namespace filestore::s3;

TEST_CASE("text that is written comes back as it was", "[s3][xml_writer]") {
    for (const std::string& text : {std::string(), std::string("plain"), std::string("&<>\"'"),
                                    std::string("]]>"), std::string(" \t\n\r\r\n "),
                                    std::string("&amp;&#10;"), std::string("\x7F\xC2\x85\xF0\x9F\x93\xA6")}) {
        REQUIRE(fits_xml(text));
        std::string xml;
        append_element(xml, "a", text);
        pugi::xml_document document;
        CHECK(text_of(load_root(document, xml)) == text);
    }
}

TEST_CASE("text that no XML document can hold", "[s3][xml_writer]") {
    for (int control = 0; control < 0x20; ++control) {
        const std::string text = "a" + std::string(1, static_cast<char>(control));
        CHECK(fits_xml(text) == (control == '\t' || control == '\n' || control == '\r'));
    }
    CHECK_FALSE(fits_xml("\xFF"));
    CHECK_FALSE(fits_xml("\xEF\xBF\xBE"));
    CHECK_FALSE(fits_xml("\xEF\xBF\xBF"));
    CHECK(fits_xml("\xEF\xBF\xBD"));
}
