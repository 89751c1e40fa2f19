#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "filestore/service.h"

namespace fs = std::filesystem;
using filestore::ErrorCode;
using filestore::load_config_file;
using filestore::parse_config;
using filestore::ServiceOptions;

namespace {

constexpr const char* original = R"(# config/storage.yaml
storage:
  backend: "local"  # or "s3"
  
  local:
    base_path: "./storage"
  
  s3:
    bucket_name: "exai-files"
    region: "us-east-1"
    # AWS credentials from environment variables
  
  cleanup:
    enabled: true
    retention_days: 30
    schedule: "0 2 * * *"  # Daily at 2 AM
)";

constexpr const char* every_key = R"(storage:
  backend: s3
  local: {base_path: /srv/files, durability: none, checksum: off, verify_downloads: yes}
  s3:
    bucket_name: b
    region: eu-west-1
    endpoint: https://s3.example:9000/path
    addressing: path
    payload_signing: signed
    key_prefix: files/
    storage_class: STANDARD_IA
    server_side_encryption: customer
    sse_customer_key: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
    kms_key_id: k
    kms_context: "{}"
    requester_pays: yes
    ca_file: /etc/ca.pem
    ca_pem: |
      -----BEGIN CERTIFICATE-----
      -----END CERTIFICATE-----
    spool_directory: /var/tmp
    connect_timeout: 1.5
    stall_timeout: 20
    expect_threshold: off
    expect_wait: 2
    dns_cache_time: 5
    max_idle_age: 6
    retry_first_delay: 0.1
    retry_longest_delay: 0.2
    retry_longest_time: 0.3
    retry_longest_silence: 0.4
    no_proxy: "*"
    proxy_from_environment: no
    event_loops: 4
    aws_access_key: AK
    aws_secret_key: "SK: with # signs"
    aws_session_token: ST
    anonymous: off
    aws_profile: work
    role_arn: arn
    role_session_name: name
    external_id: id
    role_policy: "{}"
    role_duration: 900
    sts_endpoint: https://sts.example
    instance_metadata_endpoint: http://imds.example
  cleanup:
    enabled: false
    retention_days: "90"
    schedule: '@weekly'
    time_zone: Asia/Kathmandu
  soft_delete: {grace: 12h}
  catalogue:
    path: /var/lib/filestore/c.sqlite
  audit:
    url: https://p.supabase.co
    key: sb_secret_1
    table: uploads_2
    ca_file: /ca.pem
)";

struct BadFile {
    std::string yaml;
    /// "line:column" of the message; "line:" where the column does not matter.
    std::string place;
    std::string names;
};

ServiceOptions options_of(const filestore::Result<ServiceOptions>& result) {
    if (!result.ok()) {
        FAIL(result.error().message());
    }
    return result.value();
}

std::string message_of(const filestore::Result<ServiceOptions>& result) {
    return result.ok() ? std::string() : std::string(result.error().message());
}

ErrorCode code_of(const filestore::Result<ServiceOptions>& result) {
    return result.ok() ? ErrorCode::ok : result.error().code();
}

std::string repeated(const std::string& text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (fs::temp_directory_path() / "config_test.XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    fs::path path_;
};

}  // namespace

TEST_CASE("the original's storage.yaml is read unchanged", "[service]") {
    const TemporaryDirectory directory;
    std::ofstream(directory / "storage.yaml") << original;
    const auto options = options_of(load_config_file(directory / "storage.yaml"));
    CHECK(options.backend == "local");
    CHECK(options.local.base_path == "./storage");
    CHECK(options.s3.bucket == "exai-files");
    CHECK(options.s3.region == "us-east-1");
    CHECK(options.s3.credentials.access_key.empty());
    CHECK(options.cleanup.enabled);
    CHECK(options.cleanup.retention_days == 30);
    CHECK(options.cleanup.schedule == "0 2 * * *");
}

TEST_CASE("every key reaches its option", "[service]") {
    const auto options = options_of(parse_config(every_key, "c.yaml"));
    CHECK(options.backend == "s3");
    CHECK(options.local.base_path == "/srv/files");
    CHECK(options.local.durability == filestore::Durability::none);
    CHECK_FALSE(options.local.checksum.has_value());
    CHECK(options.local.verify_downloads == filestore::DownloadCheck::checksum);
    CHECK(options.s3.bucket == "b");
    CHECK(options.s3.region == "eu-west-1");
    CHECK(options.s3.endpoint == "https://s3.example:9000/path");
    CHECK(options.s3.addressing == filestore::S3Addressing::path);
    CHECK(options.s3.payload_signing == filestore::S3PayloadSigning::signed_payload);
    CHECK(options.s3.key_prefix == "files/");
    CHECK(options.s3.ca_file == "/etc/ca.pem");
    CHECK(options.s3.storage_class == "STANDARD_IA");
    CHECK(options.s3.encryption.kind == filestore::S3Encryption::Kind::customer);
    CHECK(options.s3.encryption.customer_key == "0123456789abcdef0123456789abcdef");
    CHECK(options.s3.encryption.kms_key_id == "k");
    CHECK(options.s3.encryption.kms_context == "{}");
    CHECK(options.s3.requester_pays);
    CHECK(options.s3.ca_pem == "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    CHECK_FALSE(options.s3.expect_threshold.has_value());
    CHECK(options.s3.expect_wait == std::chrono::seconds(2));
    CHECK(options.s3.dns_cache_time == std::chrono::seconds(5));
    CHECK(options.s3.max_idle_age == std::chrono::seconds(6));
    CHECK(options.s3.retry.first_delay == std::chrono::milliseconds(100));
    CHECK(options.s3.retry.longest_delay == std::chrono::milliseconds(200));
    CHECK(options.s3.retry.longest_time == std::chrono::milliseconds(300));
    CHECK(options.s3.retry.longest_silence == std::chrono::milliseconds(400));
    CHECK(options.s3.no_proxy == "*");
    CHECK_FALSE(options.s3.proxy_from_environment);
    CHECK_FALSE(options.s3.credentials.anonymous);
    CHECK(options.s3.credentials.profile == "work");
    CHECK(options.s3.credentials.role.role_arn == "arn");
    CHECK(options.s3.credentials.role.session_name == "name");
    CHECK(options.s3.credentials.role.external_id == "id");
    CHECK(options.s3.credentials.role.policy == "{}");
    CHECK(options.s3.credentials.role.duration == std::chrono::minutes(15));
    CHECK(options.s3.credentials.sts_endpoint == "https://sts.example");
    CHECK(options.s3.credentials.instance_metadata_endpoint == "http://imds.example");
    CHECK(options.s3.spool_directory == "/var/tmp");
    CHECK(options.s3.connect_timeout == std::chrono::milliseconds(1500));
    CHECK(options.s3.stall_timeout == std::chrono::milliseconds(20'000));
    CHECK(options.s3.event_loops == 4);
    CHECK(options.s3.credentials.access_key == "AK");
    CHECK(options.s3.credentials.secret_key == "SK: with # signs");
    CHECK(options.s3.credentials.session_token == "ST");
    CHECK_FALSE(options.cleanup.enabled);
    CHECK(options.cleanup.retention_days == 90);
    CHECK(options.cleanup.schedule == "@weekly");
    CHECK(options.cleanup.time_zone == "Asia/Kathmandu");
    CHECK(options.soft_delete_grace == std::chrono::hours(12));
    CHECK(options.audit.url == "https://p.supabase.co");
    CHECK(options.audit.key == "sb_secret_1");
    CHECK(options.audit.table == "uploads_2");
    CHECK(options.audit.ca_file == "/ca.pem");
    CHECK(options.catalogue_path == "/var/lib/filestore/c.sqlite");
}

TEST_CASE("other ways to write a configuration", "[service]") {
    CHECK(options_of(parse_config("storage: {backend: local}", "c")).backend == "local");
    CHECK(options_of(parse_config("---\r\nstorage:\r\n  backend: s3\r\n...\r\n", "c")).backend == "s3");
    CHECK(options_of(parse_config("\xEF\xBB\xBFstorage:\n  backend: s3\n", "c")).backend == "s3");
    CHECK(options_of(parse_config("{\"storage\": {\"backend\": \"s3\"}}", "c")).backend == "s3");
    CHECK(options_of(parse_config("storage:\n  backend: s3\n  local:\n    # base_path: x\n", "c")).backend ==
          "s3");
    CHECK(options_of(parse_config("storage:\n  local:\n    base_path: \xC3\xBC/x\n", "c")).local.base_path ==
          "\xC3\xBC/x");
    CHECK(options_of(parse_config("storage: {}", "c")).backend == "local");
}

TEST_CASE("booleans are read as PyYAML reads them", "[service]") {
    for (const std::string word : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "false",
                                   "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}) {
        CAPTURE(word);
        const bool expected =
            std::string("tTyYoO").find(word[0]) != std::string::npos && word[1] != 'f' && word[1] != 'F';
        auto options = options_of(parse_config("storage: {cleanup: {enabled: " + word + "}}", "c"));
        CHECK(options.cleanup.enabled == expected);
    }
    for (const std::string word : {"tRUE", "y", "n", "1", "oN"}) {
        CAPTURE(word);
        CHECK(code_of(parse_config("storage: {cleanup: {enabled: " + word + "}}", "c")) ==
              ErrorCode::configuration);
    }
    CHECK(options_of(parse_config("storage: {catalogue: {path: off}}", "c")).catalogue_path == "off");
    CHECK(options_of(parse_config("storage: {s3: {bucket_name: yes}}", "c")).s3.bucket == "yes");
}

TEST_CASE("a bad configuration is told with its place", "[service]") {
    const auto bad = GENERATE(values<BadFile>({
        {"", "1:1", "storage"},
        {"# nothing\n", "1:1", "storage"},
        {"---\n", "", "storage"},
        {"storage:\n", "1:1", "storage"},
        {"storage: local\n", "1:10", "'storage'"},
        {"- storage\n", "1:1", "a list"},
        {"storage\n", "1:1", "a single value"},
        {"{}\n", "1:1", "storage"},
        {"storge:\n  backend: s3\n", "1:1", "did you mean 'storage'"},
        {"storage:\n  backend: s3\nlogging: x\n", "3:1", "logging"},
        {"storage:\n  backnd: s3\n", "2:3", "did you mean 'backend'"},
        {"storage:\n  srve: {}\n", "2:3", "did you mean 'serve'"},
        {"storage:\n  cleanup:\n    enabled: true\n    retention_day: 3\n", "4:5",
         "did you mean 'retention_days'"},
        {"storage:\n  s3:\n    bucket: b\n", "3:5", "bucket"},
        {"storage:\n  s3:\n    base_path: b\n", "3:5", "base_path"},
        {"storage:\n  xyzzy: 1\n", "2:3", "known are backend, local, s3, cleanup, catalogue"},
        {"storage:\n  local: ./storage\n", "2:10", "'storage.local'"},
        {"storage:\n  local:\n    - base_path\n", "3:5", "'storage.local'"},
        {"storage:\n  local:\n    base_path: [a, b]\n", "3:5", "'storage.local.base_path'"},
        {"storage:\n  local:\n    base_path: {a: b}\n", "3:5", "'storage.local.base_path'"},
        {"storage:\n  local:\n    base_path:\n", "3:5", "'storage.local.base_path'"},
        {"storage:\n  local:\n    base_path: ~\n", "3:5", "'storage.local.base_path'"},
        {"storage:\n  local:\n    base_path: ''\n", "3:16", "must not be empty"},
        {"storage:\n  backend: [s3]\n", "2:3", "'storage.backend'"},
        {"storage:\n  backend: gcs\n", "2:12", "gcs"},
        {"storage:\n  backend: s3\n  backend: local\n", "3:3", "second time (first in line 2)"},
        {"storage:\n  s3: {region: a, region: b}\n", "2:19", "region"},
        {"storage: {}\nstorage: {}\n", "2:1", "'storage'"},
        {"storage:\n  cleanup:\n    enabled: maybe\n", "3:14", "true, false"},
        {"storage:\n  cleanup:\n    retention_days: 0\n", "3:21", "retention_days"},
        {"storage:\n  cleanup:\n    retention_days: thirty\n", "3:21", "whole number"},
        {"storage:\n  cleanup:\n    schedule: 0 2 * *\n", "3:15", "five cron fields"},
        {"storage:\n  cleanup:\n    schedule: * * * * *\n", "3:", "YAML"},
        {"storage:\n  s3:\n    connect_timeout: 10s\n", "3:22", "seconds"},
        {"storage:\n  backend: \"s3\n", "2:3", "quoted text"},
        {"storage:\n  backend: s3\n bad: x\n", "3:", "YAML"},
        {"storage:\n\tbackend: s3\n", "2:", "YAML"},
        {"storage:\n  s3:\n    bucket_name: 'b\n    region: r\n", "3:5", "quoted text"},
        {"storage: {backend: s3\n", "", "YAML"},
        {"storage:\n  backend: s3\n---\nstorage: {}\n", "4:1", "second document"},
        {"storage:\n  backend: &b s3\n  local:\n    base_path: *b\n", "4:16", "aliases"},
        {"storage: &s\n  local: *s\n", "2:10", "aliases"},
        {"storage:\n  <<: {backend: s3}\n", "2:3", "<<"},
        {"storage:\n  ? [a, b]\n  : c\n", "2:5", "key"},
        {"storage:\n  ~: c\n", "2:3", "key"},
        {"storage:\n  backend: s\x04"
         "3\n",
         "2:13", "control character"},
        {std::string("storage:\n  backend: s3\0\n", 23), "2:14", "control character"},
        {"storage:\n  backend: \xFF\n", "1:1", "UTF-8"},
        {"storage:\n  local: {base_path: \"a\\0b\"}\n", "2:22", "NUL"},
    }));
    CAPTURE(bad.yaml);
    const auto result = parse_config(bad.yaml, "dir/c.yaml");
    REQUIRE(code_of(result) == ErrorCode::configuration);
    const std::string message = message_of(result);
    CHECK_THAT(message, Catch::StartsWith("dir/c.yaml:" + bad.place) && Catch::Contains(bad.names));
    CHECK_THAT(message, Catch::Matches("dir/c\\.yaml:[0-9]+:[0-9]+: .+"));
    CHECK_THAT(message, !Catch::Contains("\n"));
}

TEST_CASE("hostile text ends with an error", "[service]") {
    constexpr std::size_t most = std::size_t{1} << 20;
    const auto yaml = GENERATE_COPY(
        as<std::string>(), repeated("[", most), repeated("{", most), repeated("{a: ", most / 4),
        repeated("- ", most / 2), repeated("? ", most / 2), repeated("!", most), repeated("&a ", most / 3),
        repeated("a: b\n", most / 5), repeated("'", most), repeated("\n", most), repeated("%", most));
    CAPTURE(yaml.substr(0, 20));
    CHECK(code_of(parse_config(yaml, "c")) == ErrorCode::configuration);
}

TEST_CASE("the expansion of aliases is refused", "[service]") {
    std::string yaml = "a: &a [x, x, x, x, x, x, x, x, x]\n";
    for (char level = 'b'; level <= 'z'; ++level) {
        const std::string before = std::string("*") + static_cast<char>(level - 1);
        yaml += std::string(1, level) + ": &" + level + " [" + before + repeated(", " + before, 8) + "]\n";
    }
    const auto result = parse_config(yaml, "c");
    CHECK(code_of(result) == ErrorCode::configuration);
    CHECK_THAT(message_of(result), Catch::StartsWith("c:2:8: aliases"));
}

TEST_CASE("a file of more than 1 MiB is refused", "[service]") {
    const TemporaryDirectory directory;
    const std::string body = "storage: {}\n#";
    const std::string path = directory / "c.yaml";
    std::ofstream(path) << body << std::string((std::size_t{1} << 20) - body.size(), 'x');
    CHECK(load_config_file(path).ok());
    std::ofstream(path, std::ios::app) << 'x';
    CHECK(code_of(load_config_file(path)) == ErrorCode::configuration);
    CHECK_THAT(message_of(load_config_file(path)), Catch::Contains(path) && Catch::Contains("1 MiB"));
}

TEST_CASE("a file that cannot be read is told with the cause", "[service]") {
    const TemporaryDirectory directory;
    const auto missing = load_config_file(directory / "missing.yaml");
    CHECK(code_of(missing) == ErrorCode::configuration);
    CHECK_THAT(message_of(missing), Catch::Contains("missing.yaml") && Catch::Contains("No such file"));
    CHECK(code_of(load_config_file(directory / "")) == ErrorCode::configuration);
    CHECK(code_of(load_config_file("")) == ErrorCode::configuration);
    CHECK(code_of(load_config_file(std::string("a\0b", 3))) == ErrorCode::configuration);
}

TEST_CASE("a secret is never in a message of the configuration", "[service]") {
    const auto result = parse_config("storage:\n  s3:\n    aws_secret_key: \"MARKER\\0\"\n", "c");
    REQUIRE(code_of(result) == ErrorCode::configuration);
    CHECK_THAT(message_of(result), Catch::StartsWith("c:3:21") && !Catch::Contains("MARKER"));
}
