#include "conformance/lacks.h"

#include <catch2/catch.hpp>

using filestore::test::Lacks;

TEST_CASE("a list of lacks is read line by line", "[lacks]") {
    const Lacks lacks =
        Lacks::parse("# server feature reason\n\ngarage tags answers 501\nmoto a-b  one  two\n");
    REQUIRE(lacks.all().size() == 2);
    CHECK(lacks.all()[0].server == "garage");
    CHECK(lacks.all()[0].feature == "tags");
    CHECK(lacks.all()[0].reason == "answers 501");
    CHECK(lacks.all()[1].reason == "one  two");
    CHECK(lacks.has("garage", "tags"));
    CHECK_FALSE(lacks.has("moto", "tags"));
    CHECK_FALSE(lacks.has("garage", "a-b"));
}

TEST_CASE("a lack needs a reason, and is listed once", "[lacks]") {
    for (const char* text : {"garage", "garage tags", "garage tags ", "garage tags x\ngarage tags y"}) {
        CAPTURE(text);
        CHECK_THROWS(Lacks::parse(text));
    }
}

TEST_CASE("put, get, head, delete, list and signing are never excused", "[lacks]") {
    for (const std::string feature : {"put", "get", "head", "delete", "list", "signing"}) {
        CAPTURE(feature);
        CHECK_THROWS_WITH(Lacks::parse("garage " + feature + " it does not"),
                          Catch::Contains("no server may lack"));
    }
}
