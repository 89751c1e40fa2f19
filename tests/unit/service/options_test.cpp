#include <catch2/catch.hpp>

#include "filestore/service.h"

using filestore::Durability;
using filestore::ErrorCode;
using filestore::S3Addressing;
using filestore::S3PayloadSigning;
using filestore::ServiceOptions;
using std::chrono::milliseconds;

namespace {

struct Setting {
    std::string name;
    std::string value;
};

struct Milliseconds {
    std::string text;
    int expected;
};

std::string message_of(const filestore::Result<void>& result) {
    return result.ok() ? std::string() : std::string(result.error().message());
}

ErrorCode code_of(const filestore::Result<void>& result) {
    return result.ok() ? ErrorCode::ok : result.error().code();
}

}  // namespace

TEST_CASE("the defaults are the original's", "[service]") {
    const ServiceOptions options;
    CHECK(options.backend == "local");
    CHECK(options.local.base_path == "./storage");
    CHECK(options.s3.region == "us-east-1");
    CHECK(options.cleanup.retention_days == 30);
    CHECK(options.cleanup.schedule == "0 2 * * *");
}

TEST_CASE("every option is set by its name", "[service]") {
    ServiceOptions options;
    for (const Setting& setting :
         std::vector<Setting>{{"backend", "s3"},
                              {"base_path", "/srv/files"},
                              {"durability", "data"},
                              {"file_mode", "0640"},
                              {"directory_mode", "2750"},
                              {"url_base", "https://files.example"},
                              {"url_key", "the key of the URLs, thirty-two bytes"},
                              {"checksum", "sha256"},
                              {"verify_downloads", "true"},
                              {"bucket_name", "b"},
                              {"aws_access_key", "AK"},
                              {"aws_secret_key", "SK"},
                              {"aws_session_token", "ST"},
                              {"region", "eu-central-1"},
                              {"endpoint", "http://127.0.0.1:7070"},
                              {"addressing", "virtual_host"},
                              {"payload_signing", "unsigned"},
                              {"key_prefix", "files/"},
                              {"ca_file", "/etc/ca.pem"},
                              {"ca_pem", "-----BEGIN CERTIFICATE-----"},
                              {"storage_class", "STANDARD_IA"},
                              {"server_side_encryption", "customer"},
                              {"kms_key_id", "alias/files"},
                              {"kms_context", R"({"a":"b"})"},
                              {"sse_customer_key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
                              {"requester_pays", "true"},
                              {"versioned_removal", "purge"},
                              {"anonymous", "true"},
                              {"aws_profile", "work"},
                              {"role_arn", "arn:aws:iam::1:role/r"},
                              {"role_session_name", "files"},
                              {"external_id", "partner-7"},
                              {"role_policy", "{}"},
                              {"role_duration", "900"},
                              {"sts_endpoint", "https://sts.example"},
                              {"instance_metadata_endpoint", "http://imds.example"},
                              {"spool_directory", "/var/tmp"},
                              {"connect_timeout", "2.5"},
                              {"stall_timeout", "7"},
                              {"first_byte_timeout", "8"},
                              {"expect_threshold", "0"},
                              {"expect_wait", "0.25"},
                              {"dns_cache_time", "0"},
                              {"max_idle_age", "86400"},
                              {"max_attempts", "4"},
                              {"retry_first_delay", "0"},
                              {"retry_longest_delay", "5.5"},
                              {"retry_longest_time", "60"},
                              {"retry_longest_silence", "3"},
                              {"no_proxy", "*.internal,10.0.0.0/8"},
                              {"proxy_from_environment", "false"},
                              {"proxy", "http://proxy:3128"},
                              {"profile", "minio"},
                              {"checksum_mode", "trailer"},
                              {"checksum_algorithm", "sha256"},
                              {"part_size", "5242880"},
                              {"part_memory", "1048576"},
                              {"parallel_parts", "5"},
                              {"parallel_below_rate", "1000"},
                              {"max_connections", "9"},
                              {"event_loops", "3"},
                              {"catalogue_path", "off"},
                              {"cleanup_enabled", "true"},
                              {"retention_days", "7"},
                              {"schedule", "@daily"},
                              {"time_zone", "Europe/Berlin"},
                              {"cleanup_jitter", "90"},
                              {"soft_delete_grace", "30d"},
                              {"audit_url", "https://p.supabase.co"},
                              {"audit_key", "sb_secret_1"},
                              {"audit_table", "uploads_2"},
                              {"audit_ca_file", "/ca.pem"},
                              {"audit_plain_http", "true"},
                              {"audit_most_pending", "1000"}}) {
        CAPTURE(setting.name);
        CHECK(message_of(options.set(setting.name, setting.value)).empty());
    }
    CHECK(options.soft_delete_grace == std::chrono::seconds(std::chrono::days(30)));
    CHECK(options.backend == "s3");
    CHECK(options.local.base_path == "/srv/files");
    CHECK(options.local.durability == Durability::data);
    CHECK(options.local.file_mode == 0640);
    CHECK(options.local.directory_mode == 02750);
    CHECK(options.local.url_base == "https://files.example");
    CHECK(options.local.url_key == "the key of the URLs, thirty-two bytes");
    CHECK(options.local.checksum == filestore::ChecksumAlgorithm::sha256);
    CHECK(options.local.verify_downloads == filestore::DownloadCheck::checksum);
    CHECK(options.s3.bucket == "b");
    CHECK(options.s3.credentials.access_key == "AK");
    CHECK(options.s3.credentials.secret_key == "SK");
    CHECK(options.s3.credentials.session_token == "ST");
    CHECK(options.s3.region == "eu-central-1");
    CHECK(options.s3.endpoint == "http://127.0.0.1:7070");
    CHECK(options.s3.addressing == S3Addressing::virtual_host);
    CHECK(options.s3.payload_signing == S3PayloadSigning::unsigned_payload);
    CHECK(options.s3.key_prefix == "files/");
    CHECK(options.s3.ca_file == "/etc/ca.pem");
    CHECK(options.s3.ca_pem == "-----BEGIN CERTIFICATE-----");
    CHECK(options.s3.storage_class == "STANDARD_IA");
    CHECK(options.s3.encryption.kind == filestore::S3Encryption::Kind::customer);
    CHECK(options.s3.encryption.kms_key_id == "alias/files");
    CHECK(options.s3.encryption.kms_context == R"({"a":"b"})");
    CHECK(options.s3.encryption.customer_key == "0123456789abcdef0123456789abcdef");
    CHECK(options.s3.requester_pays);
    CHECK(options.s3.versioned_removal == filestore::S3VersionedRemoval::purge);
    CHECK(options.s3.credentials.anonymous);
    CHECK(options.s3.credentials.profile == "work");
    CHECK(options.s3.credentials.role.role_arn == "arn:aws:iam::1:role/r");
    CHECK(options.s3.credentials.role.session_name == "files");
    CHECK(options.s3.credentials.role.external_id == "partner-7");
    CHECK(options.s3.credentials.role.policy == "{}");
    CHECK(options.s3.credentials.role.duration == std::chrono::minutes(15));
    CHECK(options.s3.credentials.sts_endpoint == "https://sts.example");
    CHECK(options.s3.credentials.instance_metadata_endpoint == "http://imds.example");
    CHECK(options.s3.expect_threshold == 0U);
    CHECK(options.s3.expect_wait == milliseconds(250));
    CHECK(options.s3.dns_cache_time == std::chrono::seconds(0));
    CHECK(options.s3.max_idle_age == std::chrono::hours(24));
    CHECK(options.s3.retry.first_delay == milliseconds(0));
    CHECK(options.s3.retry.longest_delay == milliseconds(5500));
    CHECK(options.s3.retry.longest_time == milliseconds(60'000));
    CHECK(options.s3.retry.longest_silence == milliseconds(3000));
    CHECK(options.s3.no_proxy == "*.internal,10.0.0.0/8");
    CHECK_FALSE(options.s3.proxy_from_environment);
    CHECK(options.s3.spool_directory == "/var/tmp");
    CHECK(options.s3.connect_timeout == milliseconds(2500));
    CHECK(options.s3.stall_timeout == milliseconds(7000));
    CHECK(options.s3.first_byte_timeout == milliseconds(8000));
    CHECK(options.s3.retry.max_attempts == 4);
    CHECK(options.s3.proxy == "http://proxy:3128");
    CHECK(options.s3.profile == "minio");
    CHECK(options.s3.checksum_mode == filestore::S3ChecksumMode::trailer);
    CHECK(options.s3.checksum_algorithm == filestore::ChecksumAlgorithm::sha256);
    CHECK(options.s3.part_size == 5242880);
    CHECK(options.s3.part_memory == 1048576);
    CHECK(options.s3.parallel_parts == 5);
    CHECK(options.s3.parallel_below_rate == 1000);
    CHECK(options.s3.max_connections == 9);
    CHECK(options.s3.event_loops == 3);
    CHECK(options.catalogue_path == "off");
    CHECK(options.cleanup.enabled);
    CHECK(options.cleanup.retention_days == 7);
    CHECK(options.cleanup.jitter == std::chrono::seconds(90));
    CHECK(options.cleanup.schedule == "@daily");
    CHECK(options.cleanup.time_zone == "Europe/Berlin");
    CHECK(options.audit.url == "https://p.supabase.co");
    CHECK(options.audit.key == "sb_secret_1");
    CHECK(options.audit.table == "uploads_2");
    CHECK(options.audit.ca_file == "/ca.pem");
    CHECK(options.audit.allow_plain_http);
    CHECK(options.audit.most_pending == 1000);
}

TEST_CASE("the rules of uploads are set by name", "[service]") {
    ServiceOptions options;
    for (const Setting& setting : std::vector<Setting>{{"max_size", "1000"},
                                                       {"type_policy", "strict"},
                                                       {"allowed_types", "image/*, application/pdf"},
                                                       {"denied_types", "image/svg+xml"},
                                                       {"allowed_extensions", "png,pdf"},
                                                       {"denied_extensions", ""},
                                                       {"store_found_type", "true"},
                                                       {"magic_database", "/srv/magic.mgc"},
                                                       {"scanner", "tcp:clamav:3310"},
                                                       {"scanner_timeout", "5"}}) {
        CAPTURE(setting.name);
        CHECK(options.set(setting.name, setting.value).ok());
    }
    CHECK(options.validation.max_size == 1000U);
    CHECK(options.validation.type_policy == filestore::TypePolicy::strict);
    CHECK(options.validation.allowed_types == std::vector<std::string>{"image/*", "application/pdf"});
    CHECK(options.validation.denied_types == std::vector<std::string>{"image/svg+xml"});
    CHECK(options.validation.allowed_extensions == std::vector<std::string>{"png", "pdf"});
    CHECK(options.validation.denied_extensions.empty());
    CHECK(options.validation.store_found_type);
    CHECK(options.validation.magic_database == "/srv/magic.mgc");
    CHECK(options.validation.scanner == "tcp:clamav:3310");
    CHECK(options.validation.scanner_timeout == std::chrono::seconds(5));
    for (const Setting& setting : std::vector<Setting>{{"max_size", "many"},
                                                       {"type_policy", "sometimes"},
                                                       {"allowed_types", "png"},
                                                       {"denied_types", "a/b,,c/d"},
                                                       {"denied_extensions", ".exe"},
                                                       {"scanner", "localhost"},
                                                       {"scanner_timeout", "0"}}) {
        CAPTURE(setting.name);
        CHECK(code_of(options.set(setting.name, setting.value)) == ErrorCode::invalid_argument);
    }
    CHECK(options.validation.allowed_types.size() == 2);
}

TEST_CASE("seconds may have decimals", "[service]") {
    const auto value = GENERATE(values<Milliseconds>({{"1", 1000},
                                                      {"0.001", 1},
                                                      {"0.5", 500},
                                                      {".25", 250},
                                                      {"3.", 3000},
                                                      {"0.0015", 2},
                                                      {"86400", 86'400'000}}));
    CAPTURE(value.text);
    ServiceOptions options;
    REQUIRE(message_of(options.set("connect_timeout", value.text)).empty());
    CHECK(options.s3.connect_timeout == milliseconds(value.expected));
}

TEST_CASE("values that cannot be right are refused and change nothing", "[service]") {
    const auto bad = GENERATE(values<Setting>({
        {"backend", ""},
        {"backend", "S3"},
        {"backend", "gcs"},
        {"base_path", ""},
        {"base_path", std::string("/srv\0/x", 7)},
        {"durability", "FULL"},
        {"file_mode", ""},
        {"file_mode", "0400"},
        {"file_mode", "0700"},
        {"file_mode", "0680"},
        {"file_mode", "rw-"},
        {"directory_mode", "0600"},
        {"directory_mode", "07777"},
        {"checksum", "md5"},
        {"checksum", ""},
        {"verify_downloads", "on"},
        {"verify_downloads", "none"},
        {"bucket_name", ""},
        {"region", ""},
        {"addressing", "virtual-host"},
        {"payload_signing", "no"},
        {"connect_timeout", ""},
        {"connect_timeout", "0"},
        {"connect_timeout", "-1"},
        {"connect_timeout", "+1"},
        {"connect_timeout", "0.0004"},
        {"connect_timeout", "1e3"},
        {"connect_timeout", "0x10"},
        {"connect_timeout", "nan"},
        {"connect_timeout", "inf"},
        {"connect_timeout", "10s"},
        {"connect_timeout", "1,5"},
        {"connect_timeout", " 1"},
        {"connect_timeout", "86400.001"},
        {"stall_timeout", "1e400"},
        {"server_side_encryption", "AES256"},
        {"server_side_encryption", ""},
        {"sse_customer_key", "0123456789abcdef0123456789abcdef"},
        {"sse_customer_key", "MDEyMw=="},
        {"sse_customer_key", ""},
        {"requester_pays", "yes"},
        {"anonymous", "1"},
        {"role_duration", "899"},
        {"role_duration", "43201"},
        {"role_duration", "1h"},
        {"expect_threshold", "-1"},
        {"expect_threshold", "none"},
        {"expect_wait", "0"},
        {"dns_cache_time", "-1"},
        {"dns_cache_time", "0.5"},
        {"max_idle_age", "86401"},
        {"retry_first_delay", "-0.1"},
        {"retry_longest_time", "86401"},
        {"event_loops", "0"},
        {"event_loops", "65"},
        {"event_loops", "-1"},
        {"event_loops", "2.0"},
        {"cleanup_enabled", "yes"},
        {"cleanup_enabled", ""},
        {"retention_days", "0"},
        {"retention_days", "-30"},
        {"retention_days", "36501"},
        {"retention_days", "4294967326"},
        {"retention_days", "30 "},
        {"schedule", ""},
        {"schedule", "0 2 * *"},
        {"schedule", "0 2 * * * *"},
        {"schedule", "0 2 * *\n*"},
        {"schedule", "@dayly"},
        {"schedule", "@"},
        {"schedule", "61 * * * *"},
        {"schedule", "0 0 30 2 *"},
        {"time_zone", ""},
        {"time_zone", "Europe/Berln"},
        {"cleanup_jitter", "-1"},
        {"cleanup_jitter", "86401"},
        {"cleanup_jitter", "1.5"},
        {"soft_delete_grace", ""},
        {"soft_delete_grace", "0"},
        {"soft_delete_grace", "-1d"},
        {"soft_delete_grace", "36501d"},
        {"soft_delete_grace", "a week"},
        {"audit_table", ""},
        {"audit_table", "uploads; drop"},
        {"catalogue_path", std::string("\0", 1)},
    }));
    CAPTURE(bad.name, bad.value);
    ServiceOptions options;
    const auto result = options.set(bad.name, bad.value);
    REQUIRE(code_of(result) == ErrorCode::invalid_argument);
    CHECK_THAT(message_of(result),
               Catch::Contains(bad.name) && Catch::Contains("must") && !Catch::Contains("\n"));

    const ServiceOptions defaults;
    CHECK(options.backend == defaults.backend);
    CHECK(options.local.base_path == defaults.local.base_path);
    CHECK(options.local.durability == defaults.local.durability);
    CHECK(options.local.file_mode == defaults.local.file_mode);
    CHECK(options.local.directory_mode == defaults.local.directory_mode);
    CHECK(options.local.checksum == defaults.local.checksum);
    CHECK(options.local.verify_downloads == defaults.local.verify_downloads);
    CHECK(options.s3.region == defaults.s3.region);
    CHECK(options.s3.addressing == defaults.s3.addressing);
    CHECK(options.s3.connect_timeout == defaults.s3.connect_timeout);
    CHECK(options.s3.stall_timeout == defaults.s3.stall_timeout);
    CHECK(options.s3.event_loops == defaults.s3.event_loops);
    CHECK(options.cleanup.enabled == defaults.cleanup.enabled);
    CHECK(options.cleanup.retention_days == defaults.cleanup.retention_days);
    CHECK(options.cleanup.schedule == defaults.cleanup.schedule);
    CHECK(options.cleanup.time_zone == defaults.cleanup.time_zone);
    CHECK(options.catalogue_path == defaults.catalogue_path);
}

TEST_CASE("a body is announced from a size on, or never", "[service]") {
    ServiceOptions options;
    REQUIRE(options.set("expect_threshold", "5").ok());
    CHECK(options.s3.expect_threshold == 5U);
    REQUIRE(options.set("expect_threshold", "off").ok());
    CHECK_FALSE(options.s3.expect_threshold.has_value());
}

TEST_CASE("schedules that are well-formed", "[service]") {
    const auto schedule =
        GENERATE(as<std::string>(), "0 2 * * *", "*/5\t1-3  1,15 JAN MON", "@hourly", "@weekly");
    ServiceOptions options;
    REQUIRE(message_of(options.set("schedule", schedule)).empty());
    CHECK(options.cleanup.schedule == schedule);
}

TEST_CASE("a slip is told with the nearest name", "[service]") {
    ServiceOptions options;
    CHECK_THAT(message_of(options.set("bucket_nme", "b")),
               Catch::Contains("bucket_nme") && Catch::Contains("'bucket_name'"));
    CHECK_THAT(message_of(options.set("backend", "locale")), Catch::Contains("'local'"));
    CHECK_THAT(message_of(options.set("schedule", "@dayly")), Catch::Contains("'@daily'"));
    CHECK(code_of(options.set("bucket_nme", "b")) == ErrorCode::invalid_argument);
    CHECK_THAT(message_of(options.set("zzzzzzzz", "b")), Catch::Contains("base_path"));
    CHECK(code_of(options.set("", "")) == ErrorCode::invalid_argument);
}

TEST_CASE("a secret is never in a message", "[service]") {
    ServiceOptions options;
    const auto name = GENERATE(as<std::string>(), "aws_access_key", "aws_secret_key", "aws_session_token",
                               "audit_key", "audit_url", "sse_customer_key", "sts_endpoint");
    const auto result = options.set(name, std::string("MARKER\0", 7));
    REQUIRE(code_of(result) == ErrorCode::invalid_argument);
    CHECK_THAT(message_of(result), !Catch::Contains("MARKER"));
}
