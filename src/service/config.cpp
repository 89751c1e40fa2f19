#include <algorithm>
#include <array>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "core/text.h"
#include "core/try.h"
#include "filestore/service.h"
#include "service/config_file.h"
#include "service/yaml_tree.h"

namespace filestore {
namespace {

constexpr std::string_view root_key = "storage";
/// What the command's service takes from the file itself.
constexpr std::string_view serve_key = "serve";

/// A key of the file and the name that ServiceOptions::set knows it by.
struct Setting {
    std::string_view key;
    std::string_view option;
    bool is_switch = false;
    /// `off` is a choice of its own, beside `false`.
    bool has_off = false;
    /// May also be a list.
    bool is_list = false;
};

struct Section {
    std::string_view key;
    std::span<const Setting> settings;
};

constexpr auto storage_settings = std::to_array<Setting>({{"backend", "backend"}});

constexpr auto local_settings =
    std::to_array<Setting>({{"base_path", "base_path"},
                            {"durability", "durability"},
                            {"layout", "layout"},
                            {"file_mode", "file_mode"},
                            {"directory_mode", "directory_mode"},
                            {"url_base", "url_base"},
                            {"url_key", "url_key"},
                            {"checksum", "checksum"},
                            {"verify_downloads", "verify_downloads", true, true}});

constexpr auto s3_settings = std::to_array<Setting>({
    {"bucket_name", "bucket_name"},
    {"region", "region"},
    {"endpoint", "endpoint"},
    {"dual_stack", "dual_stack", true},
    {"addressing", "addressing"},
    {"payload_signing", "payload_signing"},
    {"key_prefix", "key_prefix"},
    {"storage_class", "storage_class"},
    {"server_side_encryption", "server_side_encryption"},
    {"kms_key_id", "kms_key_id"},
    {"kms_context", "kms_context"},
    {"sse_customer_key", "sse_customer_key"},
    {"requester_pays", "requester_pays", true},
    {"versioned_removal", "versioned_removal"},
    {"ca_file", "ca_file"},
    {"ca_pem", "ca_pem"},
    {"spool_directory", "spool_directory"},
    {"connect_timeout", "connect_timeout"},
    {"stall_timeout", "stall_timeout"},
    {"first_byte_timeout", "first_byte_timeout"},
    {"expect_threshold", "expect_threshold"},
    {"expect_wait", "expect_wait"},
    {"dns_cache_time", "dns_cache_time"},
    {"max_idle_age", "max_idle_age"},
    {"max_attempts", "max_attempts"},
    {"retry_first_delay", "retry_first_delay"},
    {"retry_longest_delay", "retry_longest_delay"},
    {"retry_longest_time", "retry_longest_time"},
    {"retry_longest_silence", "retry_longest_silence"},
    {"proxy", "proxy"},
    {"no_proxy", "no_proxy"},
    {"proxy_from_environment", "proxy_from_environment", true},
    {"profile", "profile"},
    {"checksum_mode", "checksum_mode"},
    {"checksum_algorithm", "checksum_algorithm"},
    {"part_size", "part_size"},
    {"part_memory", "part_memory"},
    {"parallel_parts", "parallel_parts"},
    {"parallel_below_rate", "parallel_below_rate"},
    {"max_connections", "max_connections"},
    {"event_loops", "event_loops"},
    {"aws_access_key", "aws_access_key"},
    {"aws_secret_key", "aws_secret_key"},
    {"aws_session_token", "aws_session_token"},
    {"anonymous", "anonymous", true},
    {"aws_profile", "aws_profile"},
    {"role_arn", "role_arn"},
    {"role_session_name", "role_session_name"},
    {"external_id", "external_id"},
    {"role_policy", "role_policy"},
    {"role_duration", "role_duration"},
    {"sts_endpoint", "sts_endpoint"},
    {"instance_metadata_endpoint", "instance_metadata_endpoint"},
});

constexpr auto cleanup_settings = std::to_array<Setting>({{"enabled", "cleanup_enabled", true},
                                                          {"retention_days", "retention_days"},
                                                          {"schedule", "schedule"},
                                                          {"time_zone", "time_zone"},
                                                          {"jitter", "cleanup_jitter"}});

constexpr auto soft_delete_settings = std::to_array<Setting>({{"grace", "soft_delete_grace"}});

constexpr auto upload_settings = std::to_array<Setting>({{"lifetime", "upload_lifetime"}});

constexpr auto catalogue_settings = std::to_array<Setting>({{"path", "catalogue_path"}});

constexpr auto audit_settings = std::to_array<Setting>({{"url", "audit_url"},
                                                        {"key", "audit_key"},
                                                        {"table", "audit_table"},
                                                        {"ca_file", "audit_ca_file"},
                                                        {"plain_http", "audit_plain_http", true},
                                                        {"strict", "audit_strict", true},
                                                        {"most_pending", "audit_most_pending"}});

constexpr auto validation_settings =
    std::to_array<Setting>({{"max_size", "max_size"},
                            {"type_policy", "type_policy"},
                            {"allowed_types", "allowed_types", false, false, true},
                            {"denied_types", "denied_types", false, false, true},
                            {"allowed_extensions", "allowed_extensions", false, false, true},
                            {"denied_extensions", "denied_extensions", false, false, true},
                            {"store_found_type", "store_found_type", true},
                            {"magic_database", "magic_database"},
                            {"scanner", "scanner"},
                            {"scanner_timeout", "scanner_timeout"}});

constexpr auto sections = std::to_array<Section>({{"local", local_settings},
                                                  {"s3", s3_settings},
                                                  {"cleanup", cleanup_settings},
                                                  {"catalogue", catalogue_settings},
                                                  {"audit", audit_settings},
                                                  {"soft_delete", soft_delete_settings},
                                                  {"uploads", upload_settings},
                                                  {"validation", validation_settings}});

template <class Item>
const Item* find(std::span<const Item> items, std::string_view key) {
    const auto found =
        std::find_if(items.begin(), items.end(), [key](const Item& item) { return item.key == key; });
    return found == items.end() ? nullptr : &*found;
}

std::string_view description_of(YamlNode::Kind kind) {
    switch (kind) {
        case YamlNode::Kind::empty:
            return "nothing";
        case YamlNode::Kind::text:
            return "a single value";
        case YamlNode::Kind::list:
            return "a list";
        case YamlNode::Kind::mapping:
            return "a section of keys";
    }
    return "";
}

/// The words that YAML 1.1, and with it PyYAML, takes for a truth value; what is none stays as it is.
std::string_view switch_word(std::string_view written) {
    constexpr auto words_for_true =
        std::to_array<std::string_view>({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"});
    constexpr auto words_for_false =
        std::to_array<std::string_view>({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"});
    const auto is_among = [written](const auto& words) {
        return std::find(words.begin(), words.end(), written) != words.end();
    };
    return is_among(words_for_true) ? "true" : is_among(words_for_false) ? "false" : written;
}

/// Puts what the tree holds into options. A resource; one thread at a time.
class ConfigReader {
public:
    ConfigReader(const std::string& origin, ServiceOptions& options) : origin_(origin), options_(options) {}

    Result<void> read_root(const YamlNode& root) {
        if (root.kind == YamlNode::Kind::empty) {
            return no_storage({});
        }
        if (root.kind != YamlNode::Kind::mapping) {
            return wrong_kind(root, "the file", "a section of keys");
        }
        const YamlEntry* storage = nullptr;
        for (const YamlEntry& entry : root.entries) {
            if (entry.key != root_key) {
                return unknown_key(entry, "the file", std::array{root_key});
            }
            storage = &entry;
        }
        if (storage == nullptr || storage->value.kind == YamlNode::Kind::empty) {
            return no_storage(root.place);
        }
        return read_storage(storage->value);
    }

private:
    Result<void> read_storage(const YamlNode& storage) {
        if (storage.kind != YamlNode::Kind::mapping) {
            return wrong_kind(storage, "'storage'", "a section of keys");
        }
        for (const YamlEntry& entry : storage.entries) {
            if (entry.key == serve_key) {
                continue;
            }
            if (const auto* section = find<Section>(sections, entry.key)) {
                FILESTORE_TRY(read_section(entry, *section));
            } else if (const auto* setting = find<Setting>(storage_settings, entry.key)) {
                FILESTORE_TRY(read_setting(entry, *setting, "storage"));
            } else {
                return unknown_key(entry, "'storage'", keys_of_storage());
            }
        }
        return {};
    }

    Result<void> read_section(const YamlEntry& entry, const Section& section) {
        const std::string path = "storage." + std::string(section.key);
        // All its keys may be commented out.
        if (entry.value.kind == YamlNode::Kind::empty) {
            return {};
        }
        if (entry.value.kind != YamlNode::Kind::mapping) {
            return wrong_kind(entry.value, "'" + path + "'", "a section of keys");
        }
        for (const YamlEntry& inner : entry.value.entries) {
            const auto* setting = find<Setting>(section.settings, inner.key);
            if (setting == nullptr) {
                return unknown_key(inner, "'" + path + "'", keys_of(section.settings));
            }
            FILESTORE_TRY(read_setting(inner, *setting, path));
        }
        return {};
    }

    Result<void> read_setting(const YamlEntry& entry, const Setting& setting, const std::string& section) {
        const std::string path = "'" + section + "." + entry.key + "'";
        if (setting.is_list && entry.value.kind == YamlNode::Kind::list) {
            return read_list(entry, setting, path);
        }
        if (entry.value.kind != YamlNode::Kind::text) {
            return wrong_kind(entry.value, path, setting.is_list ? "a list" : "a single value", entry.place);
        }
        return set(entry, setting, path, entry.value.text);
    }

    Result<void> read_list(const YamlEntry& entry, const Setting& setting, const std::string& path) {
        std::string words;
        for (const YamlNode& item : entry.value.items) {
            if (item.kind != YamlNode::Kind::text || item.text.find(',') != std::string::npos) {
                return yaml_error(origin_, item.place, path + " must be a list of single words");
            }
            words += (words.empty() ? "" : ",") + item.text;
        }
        return set(entry, setting, path, words);
    }

    Result<void> set(const YamlEntry& entry, const Setting& setting, const std::string& path,
                     std::string_view written) {
        const bool is_switched = setting.is_switch && !(setting.has_off && written == "off");
        auto done = options_.set(setting.option, is_switched ? switch_word(written) : written);
        if (!done.ok() && done.error().code() == ErrorCode::invalid_argument) {
            return yaml_error(origin_, entry.value.place, path + ": " + std::string(done.error().message()));
        }
        return done;
    }

    Error no_storage(YamlPlace place) const {
        return yaml_error(origin_, place, "the section 'storage' is missing or empty; it holds all settings");
    }

    Error wrong_kind(const YamlNode& node, const std::string& what, const std::string& needed) const {
        return wrong_kind(node, what, needed, node.place);
    }

    Error wrong_kind(const YamlNode& node, const std::string& what, const std::string& needed,
                     YamlPlace place) const {
        return yaml_error(origin_, place,
                          what + " must be " + needed + ", but is " + std::string(description_of(node.kind)));
    }

    Error unknown_key(const YamlEntry& entry, const std::string& where,
                      std::span<const std::string_view> known) const {
        std::string message = "unknown key " + filestore::quoted(entry.key) + " in " + where;
        if (const auto nearest = nearest_name(entry.key, known)) {
            return yaml_error(origin_, entry.place,
                              message + "; did you mean '" + std::string(*nearest) + "'?");
        }
        message += "; known are ";
        for (std::size_t i = 0; i < known.size(); ++i) {
            message += (i == 0 ? "" : ", ") + std::string(known[i]);
        }
        return yaml_error(origin_, entry.place, message);
    }

    static std::vector<std::string_view> keys_of(std::span<const Setting> settings) {
        std::vector<std::string_view> keys;
        for (const Setting& setting : settings) {
            keys.push_back(setting.key);
        }
        return keys;
    }

    static std::vector<std::string_view> keys_of_storage() {
        auto keys = keys_of(storage_settings);
        for (const Section& section : sections) {
            keys.push_back(section.key);
        }
        keys.push_back(serve_key);
        return keys;
    }

    const std::string& origin_;
    ServiceOptions& options_;
};

/// `origin` as it is where that is fit for a one-line message.
std::string printable(const std::string& origin) {
    const bool control = std::any_of(origin.begin(), origin.end(),
                                     [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    return control || !is_utf8(origin) ? filestore::quoted(origin) : origin;
}

Result<ServiceOptions> parse(std::string_view yaml, const std::string& origin) {
    const std::string shown = printable(origin);
    FILESTORE_TRY_ASSIGN(const YamlNode root, parse_yaml(yaml, shown));
    ServiceOptions options;
    FILESTORE_TRY(ConfigReader(shown, options).read_root(root));
    return options;
}

}  // namespace

Result<ServiceOptions> load_config_file(const std::string& path) {
    try {
        FILESTORE_TRY_ASSIGN(const std::string text, read_config_file(path));
        return parse(text, path);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

Result<ServiceOptions> parse_config(std::string_view yaml, const std::string& origin) {
    try {
        return parse(yaml, origin);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace filestore
