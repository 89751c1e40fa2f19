#include "filestore/result.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/try.h"

using filestore::Error;
using filestore::ErrorCode;
using filestore::Result;

namespace {

Result<int> half(int number) {
    if (number % 2 != 0) {
        return Error(ErrorCode::invalid_argument, "odd");
    }
    return number / 2;
}

Result<void> check_even(int number) {
    FILESTORE_TRY(half(number));
    return {};
}

Result<std::string> quarter(int number) {
    FILESTORE_TRY_ASSIGN(const int once, half(number));
    FILESTORE_TRY_ASSIGN(const int twice, half(once));
    return std::to_string(twice);
}

}  // namespace

TEST_CASE("a result holds its value", "[result]") {
    Result<int> result = half(8);
    REQUIRE(result.ok());
    CHECK(static_cast<bool>(result));
    CHECK(result.value() == 4);
    CHECK(*result == 4);
    *result = 5;
    CHECK(result.value() == 5);
}

TEST_CASE("a result holds its error", "[result]") {
    const Result<int> result = half(7);
    REQUIRE_FALSE(result.ok());
    CHECK_FALSE(static_cast<bool>(result));
    CHECK(result.error().code() == ErrorCode::invalid_argument);
    CHECK(result.error().message() == "odd");
}

TEST_CASE("a result takes what converts to its value", "[result]") {
    const Result<std::string> text = "text";
    CHECK(text.value() == "text");
    CHECK(text->size() == 4);
    const Result<std::shared_ptr<const int>> shared = std::make_shared<int>(3);
    CHECK(**shared == 3);
}

TEST_CASE("a result of bool tells false from an error", "[result]") {
    const Result<bool> no = false;
    CHECK(no.ok());
    CHECK_FALSE(no.value());
    const Result<bool> cannot_tell = Error(ErrorCode::unavailable);
    CHECK_FALSE(cannot_tell.ok());
}

TEST_CASE("a result of something that moves only is moved out of", "[result]") {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(9);
    const std::unique_ptr<int> taken = std::move(result).value();
    CHECK(*taken == 9);
}

TEST_CASE("a result without a value", "[result]") {
    const Result<void> done;
    CHECK(done.ok());
    const Result<void> failed = Error(ErrorCode::io);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().code() == ErrorCode::io);
}

TEST_CASE("FILESTORE_TRY leaves with the error", "[result]") {
    CHECK(check_even(2).ok());
    CHECK(check_even(3).error().message() == "odd");
}

TEST_CASE("FILESTORE_TRY_ASSIGN takes the value or leaves with the error", "[result]") {
    CHECK(quarter(12).value() == "3");
    CHECK_FALSE(quarter(6).ok());
    CHECK_FALSE(quarter(5).ok());
}
