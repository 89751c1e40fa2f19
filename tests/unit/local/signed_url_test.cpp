#include "local/signed_url.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "filestore/local_backend.h"
#include "support/code_of.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view base = "https://files.example/files";
constexpr std::string_view key = "an example of a key, of 32 bytes";

class FixedClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const noexcept override {
        return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)) + 500ms;
    }
};

Timestamp now() {
    return FixedClock().now();
}

PresignRequest request_for(PresignMethod method) {
    PresignRequest request;
    request.id = FileId::parse("6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d").value();
    request.method = method;
    request.expires = 60s;
    return request;
}

std::string get_url() {
    return local::sign_url(base, key, request_for(PresignMethod::get), now()).url;
}

std::string with(std::string text, std::string_view part, std::string_view other) {
    const std::size_t place = text.find(part);
    REQUIRE(place != std::string::npos);
    return text.replace(place, part.size(), other);
}

}  // namespace

TEST_CASE("a signed URL says what it allows", "[signed_url]") {
    const PresignedUrl url = local::sign_url(base, key, request_for(PresignMethod::get), now());
    // echo -en 'filestore-url-1\nGET\n6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d\n1769817660' | openssl dgst -sha256 -hmac 'an example of a key, of 32 bytes'
    CHECK(url.url ==
          "https://files.example/files/6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d?method=GET&expires=1769817660"
          "&signature=4527a4b3968594f19b7c7d9b0e3ae44a4d1386ecffccc1a367a07b65d53f7870");
    CHECK(url.expires_at == std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 60s);
}

TEST_CASE("a signed URL is for its file, its method and its time", "[signed_url]") {
    for (const PresignMethod method :
         {PresignMethod::get, PresignMethod::put, PresignMethod::head, PresignMethod::remove}) {
        const PresignedUrl url = local::sign_url("http://localhost:8080/", key, request_for(method), now());
        CHECK(check_signed_url(url.url, method, key, now()).value() == request_for(method).id);
        CHECK(check_signed_url(url.url, method, key, url.expires_at - 1us).ok());
        CHECK(code_of(check_signed_url(url.url, method, key, url.expires_at)) ==
              ErrorCode::permission_denied);
        const PresignMethod other = method == PresignMethod::get ? PresignMethod::put : PresignMethod::get;
        CHECK(code_of(check_signed_url(url.url, other, key, now())) == ErrorCode::permission_denied);
        CHECK(code_of(check_signed_url(url.url, method, "another key, which has 32 bytes, too", now())) ==
              ErrorCode::permission_denied);
    }
    const std::string url = get_url();
    CHECK(check_signed_url(url.substr(url.find("/files/")), PresignMethod::get, key, now()).ok());
}

TEST_CASE("nothing of a signed URL can be changed", "[signed_url]") {
    const auto checked = [](const std::string& url) {
        return code_of(check_signed_url(url, PresignMethod::get, key, now()));
    };
    const std::string url = get_url();
    CHECK(checked(with(url, "6f1c", "6f1d")) == ErrorCode::permission_denied);
    CHECK(checked(with(url, "expires=17", "expires=27")) == ErrorCode::permission_denied);
    CHECK(checked(with(url, "expires=17", "expires=017")) == ErrorCode::permission_denied);
    CHECK(checked(with(url, "method=GET", "method=PUT")) == ErrorCode::permission_denied);
    for (std::size_t i = url.find("signature=") + 10; i < url.size(); ++i) {
        std::string other = url;
        other[i] = other[i] == '0' ? '1' : '0';
        CHECK(checked(other) == ErrorCode::permission_denied);
        CHECK_FALSE(check_signed_url(url.substr(0, i), PresignMethod::get, key, now()).ok());
    }
    for (const std::string& none :
         {std::string(), std::string("?"), url.substr(0, url.find('?')), url + "&method=GET", url + "&more=1",
          with(url, "&expires=", "&expire="), with(url, "6f1c1f0e", "../../etc"),
          with(url, "6f1c1f0e", "6F1C1F0E"), with(url, "method=GET&", "")}) {
        CAPTURE(none);
        CHECK(checked(none) == ErrorCode::invalid_argument);
    }
    CHECK(code_of(check_signed_url(url, PresignMethod::get, "", now())) == ErrorCode::permission_denied);
}

TEST_CASE("a local store presigns where it is told how", "[signed_url]") {
    const TemporaryDirectory directory;
    LocalOptions options;
    options.base_path = directory.file("store");
    options.clock = std::make_shared<FixedClock>();
    const auto plain = open_local_backend(options).value();
    CHECK_FALSE(plain->capabilities().presign);
    CHECK(code_of(plain->presign(request_for(PresignMethod::get))) == ErrorCode::unsupported);

    options.url_base = base;
    options.url_key = key;
    const auto signing = open_local_backend(options).value();
    CHECK(signing->capabilities().presign);
    CHECK(signing->presign(request_for(PresignMethod::get))->url == get_url());
    PresignRequest too_long = request_for(PresignMethod::get);
    too_long.expires = std::chrono::days(8);
    CHECK(code_of(signing->presign(too_long)) == ErrorCode::invalid_argument);
}

TEST_CASE("what no URL can be made of opens no store", "[signed_url]") {
    const TemporaryDirectory directory;
    for (const auto& [wrong_base, wrong_key] :
         std::vector<std::pair<std::string, std::string>>{{"", std::string(key)},
                                                          {std::string(base), ""},
                                                          {std::string(base), "short"},
                                                          {"files.example", std::string(key)},
                                                          {"ftp://files.example", std::string(key)},
                                                          {"https://", std::string(key)},
                                                          {"https://files.example/?a=b", std::string(key)},
                                                          {"https://files.example/a\nb", std::string(key)}}) {
        CAPTURE(wrong_base);
        LocalOptions options;
        options.base_path = directory.file("store");
        options.url_base = wrong_base;
        options.url_key = wrong_key;
        const auto opened = open_local_backend(options);
        CHECK(code_of(opened) == ErrorCode::invalid_argument);
        CHECK(opened.error().message().find(key) == std::string::npos);
    }
}
