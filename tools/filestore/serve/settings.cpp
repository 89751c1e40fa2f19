#include "serve/settings.h"

#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "serve/decimal.h"
#include "serve/guards.h"
#include "service/yaml_tree.h"

namespace filestore::tool::serve {

namespace {

constexpr std::size_t least_secret = 32;

/// As browsers write it: the pages of `null` and of `*` would be anybody's.
bool is_origin(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (text.starts_with(scheme)) {
            const std::string_view rest = text.substr(scheme.size());
            const std::string_view usual_port = scheme == "https://" ? ":443" : ":80";
            return !rest.empty() && !rest.ends_with(usual_port) &&
                   rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:[]") ==
                       std::string_view::npos;
        }
    }
    return false;
}

/// Reads nodes of the section. A resource; one thread at a time.
class SettingsReader {
public:
    SettingsReader(const std::string& origin, Settings& settings) : origin_(origin), settings_(settings) {}

    Result<void> read(const YamlNode& section) {
        FILESTORE_TRY(read_members(
            section, "storage.serve",
            {{"listen", [this](const YamlNode& node) { return read_listen(node); }},
             {"hosts", [this](const YamlNode& node) { return read_hosts(node); }},
             {"keys", [this](const YamlNode& node) { return read_keys(node); }},
             {"jwt", [this](const YamlNode& node) { return read_token_rules(node); }},
             {"tls", [this](const YamlNode& node) { return read_tls(node); }},
             {"origins", [this](const YamlNode& node) { return read_origins(node); }},
             {"rate", [this](const YamlNode& node) { return read_number(node, settings_.rate); }},
             {"connections",
              [this](const YamlNode& node) { return read_number(node, limits().connections, 1); }},
             {"connections_of_address",
              [this](const YamlNode& node) { return read_number(node, limits().connections_of_address); }},
             {"single_instance",
              [this](const YamlNode& node) { return read_truth(node, settings_.single_instance); }},
             {"idle_timeout", [this](const YamlNode& node) { return read_seconds(node, limits().idle); }},
             {"head_timeout", [this](const YamlNode& node) { return read_seconds(node, limits().head); }},
             {"body_timeout", [this](const YamlNode& node) { return read_seconds(node, limits().body); }},
             {"least_body",
              [this](const YamlNode& node) { return read_number(node, limits().least_body); }}}));
        return {};
    }

private:
    using Reader = std::function<Result<void>(const YamlNode&)>;
    using Readers = std::vector<std::pair<std::string_view, Reader>>;

    Error wrong(const YamlNode& node, const std::string& message) const {
        return yaml_error(origin_, node.place, message);
    }

    Result<void> read_members(const YamlNode& node, const std::string& where, const Readers& readers) const {
        if (node.kind == YamlNode::Kind::empty) {
            return {};
        }
        if (node.kind != YamlNode::Kind::mapping) {
            return wrong(node, "'" + where + "' must be a section of keys");
        }
        for (const YamlEntry& entry : node.entries) {
            FILESTORE_TRY(read_member(entry, where, readers));
        }
        return {};
    }

    Result<void> read_member(const YamlEntry& entry, const std::string& where, const Readers& readers) const {
        std::vector<std::string_view> names;
        for (const auto& [name, reader] : readers) {
            if (name == entry.key) {
                return reader(entry.value);
            }
            names.push_back(name);
        }
        std::string message = "unknown key " + quoted(entry.key) + " in '" + where + "'";
        if (const auto nearest = nearest_name(entry.key, names)) {
            message += "; did you mean '" + std::string(*nearest) + "'?";
        }
        return yaml_error(origin_, entry.place, message);
    }

    Result<void> read_text(const YamlNode& node, std::string& into) const {
        if (node.kind != YamlNode::Kind::text || node.text.empty()) {
            return wrong(node, "a single value must stand here");
        }
        into = node.text;
        return {};
    }

    [[nodiscard]] HttpLimits& limits() const noexcept { return settings_.limits; }

    Result<void> read_truth(const YamlNode& node, bool& into) const {
        if (node.kind != YamlNode::Kind::text || (node.text != "true" && node.text != "false")) {
            return wrong(node, "true or false must stand here");
        }
        into = node.text == "true";
        return {};
    }

    Result<void> read_seconds(const YamlNode& node, std::chrono::seconds& into) const {
        unsigned seconds = 0;
        FILESTORE_TRY(read_number(node, seconds, 1));
        into = std::chrono::seconds(seconds);
        return {};
    }

    Result<void> read_number(const YamlNode& node, unsigned& into, unsigned least = 0) const {
        constexpr unsigned most = 1'000'000;
        const auto number = node.kind == YamlNode::Kind::text ? decimal(node.text) : std::nullopt;
        if (!number || *number < least || *number > most) {
            return wrong(node,
                         "a whole number from " + std::to_string(least) + " to 1000000 must stand here");
        }
        into = static_cast<unsigned>(*number);
        return {};
    }

    Result<void> read_origins(const YamlNode& node) {
        FILESTORE_TRY(read_words(node, settings_.origins));
        for (std::size_t i = 0; i < settings_.origins.size(); ++i) {
            if (!is_origin(settings_.origins[i])) {
                return wrong(node.items[i],
                             quoted(settings_.origins[i]) +
                                 " is no origin as browsers send it: scheme, host in small letters, and the "
                                 "port where it is not the usual one, such as https://app.example:8443");
            }
        }
        return {};
    }

    Result<void> read_hosts(const YamlNode& node) const {
        FILESTORE_TRY(read_words(node, settings_.hosts));
        for (std::size_t i = 0; i < settings_.hosts.size(); ++i) {
            if (const auto checked = check_host_name(settings_.hosts[i]); !checked.ok()) {
                return wrong(node.items[i], std::string(checked.error().message()));
            }
        }
        return {};
    }

    Result<void> read_words(const YamlNode& node, std::vector<std::string>& into) const {
        if (node.kind != YamlNode::Kind::list) {
            return wrong(node, "a list must stand here");
        }
        for (const YamlNode& item : node.items) {
            FILESTORE_TRY(read_text(item, into.emplace_back()));
        }
        return {};
    }

    Result<void> read_listen(const YamlNode& node) { return read_text(node, settings_.listen.emplace()); }

    Result<void> read_keys(const YamlNode& node) {
        if (node.kind != YamlNode::Kind::list) {
            return wrong(node, "a list of keys must stand here: each with name, hash and scopes");
        }
        for (const YamlNode& item : node.items) {
            FILESTORE_TRY(read_key(item));
        }
        return {};
    }

    Result<void> read_key(const YamlNode& node) {
        ApiKey key;
        std::string hash;
        FILESTORE_TRY(read_members(
            node, "storage.serve.keys",
            {{"name", [&](const YamlNode& name) { return read_text(name, key.identity.name); }},
             {"hash", [&](const YamlNode& text) { return read_text(text, key.hash); }},
             {"scopes", [&](const YamlNode& list) { return read_scopes(list, key.identity.scopes); }}}));
        key.identity.counted_as = "key " + key.identity.name;
        if (key.identity.name.empty() || key.hash.empty() || key.identity.scopes.empty()) {
            return wrong(node, "a key needs name, hash and scopes: 'filestore key' prints one");
        }
        if (!is_key_hash(key.hash)) {
            return wrong(node, quoted(key.hash) + " is no hash of a key: 'filestore key' makes one");
        }
        settings_.keys.push_back(std::move(key));
        return {};
    }

    Result<void> read_scopes(const YamlNode& node, Scopes& into) const {
        std::vector<std::string> words;
        FILESTORE_TRY(read_words(node, words));
        for (const std::string& word : words) {
            const auto scope = parse_scope(word);
            if (!scope) {
                return wrong(node, quoted(word) + " is no scope: read, write, delete, admin and metrics are");
            }
            into.add(*scope);
        }
        return {};
    }

    Result<void> read_token_rules(const YamlNode& node) {
        TokenRules& rules = settings_.token_rules.emplace();
        std::string secret;
        FILESTORE_TRY(read_members(
            node, "storage.serve.jwt",
            {{"secret", [&](const YamlNode& text) { return read_text(text, secret); }},
             {"jwks", [&](const YamlNode& text) { return read_text(text, settings_.token_keys_url); }},
             {"audience", [&](const YamlNode& text) { return read_text(text, rules.audience); }},
             {"issuer", [&](const YamlNode& text) { return read_text(text, rules.issuer); }},
             {"roles", [&](const YamlNode& roles) { return read_roles(roles, rules.roles); }}}));
        if (secret.empty() == settings_.token_keys_url.empty()) {
            return wrong(
                node,
                "'storage.serve.jwt' needs either a secret (HS256) or the URL of a JWKS (RS256, ES256)");
        }
        if (!secret.empty() && secret.size() < least_secret) {
            return wrong(node, "the secret of tokens must have 32 bytes or more");
        }
        if (rules.roles.empty()) {
            return wrong(node,
                         "'storage.serve.jwt' needs roles: what tokens of each may do, such as "
                         "authenticated: [read, write]");
        }
        rules.secret = SecretString(std::move(secret));
        return {};
    }

    Result<void> read_roles(const YamlNode& node, std::map<std::string, Scopes>& into) const {
        if (node.kind != YamlNode::Kind::mapping) {
            return wrong(node,
                         "roles and what each may do must stand here, such as authenticated: [read, write]");
        }
        for (const YamlEntry& entry : node.entries) {
            FILESTORE_TRY(read_scopes(entry.value, into[entry.key]));
        }
        return {};
    }

    Result<void> read_tls(const YamlNode& node) {
        FILESTORE_TRY(read_members(
            node, "storage.serve.tls",
            {{"certificate",
              [this](const YamlNode& text) { return read_text(text, settings_.certificate_file); }},
             {"key",
              [this](const YamlNode& text) { return read_text(text, settings_.certificate_key_file); }}}));
        if (settings_.certificate_file.empty() || settings_.certificate_key_file.empty()) {
            return wrong(node, "'storage.serve.tls' needs certificate and key, files of PEM");
        }
        return {};
    }

    const std::string& origin_;
    Settings& settings_;
};

const YamlNode* member(const YamlNode& node, std::string_view key) {
    for (const YamlEntry& entry : node.entries) {
        if (entry.key == key) {
            return &entry.value;
        }
    }
    return nullptr;
}

}  // namespace

Result<Settings> parse_settings(std::string_view yaml, const std::string& origin) {
    FILESTORE_TRY_ASSIGN(const YamlNode root, parse_yaml(yaml, origin));
    Settings settings;
    const YamlNode* storage = member(root, "storage");
    const YamlNode* serve = storage == nullptr ? nullptr : member(*storage, "serve");
    if (serve != nullptr) {
        FILESTORE_TRY(SettingsReader(origin, settings).read(*serve));
    }
    return settings;
}

}  // namespace filestore::tool::serve
