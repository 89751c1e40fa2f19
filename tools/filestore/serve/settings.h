#pragma once

/// The section `storage.serve` of the configuration file.

#include <optional>
#include <string>
#include <vector>

#include "filestore/result.h"
#include "serve/access/api_keys.h"
#include "serve/access/json_web_token.h"
#include "serve/http_limits.h"

namespace filestore::tool::serve {

/// A value. What is not given in the file is as here.
struct Settings {
    std::optional<std::string> listen{};
    /// By which other hosts the service may be called.
    std::vector<std::string> hosts{};
    std::vector<ApiKey> keys{};
    std::optional<TokenRules> token_rules{};
    /// Of the JWKS; empty where there is none.
    std::string token_keys_url{};
    /// Files of PEM; both or none.
    std::string certificate_file{};
    std::string certificate_key_file{};
    /// Pages of these origins may use the service.
    std::vector<std::string> origins{};
    /// Requests a second of one caller; 0 for no limit.
    unsigned rate = 0;
    HttpLimits limits{};
    /// No other instance serves the same store.
    bool single_instance = false;
};

/// From the text of the file, which `origin` names in messages. `configuration`, with line and column, for what is wrong.
[[nodiscard]] Result<Settings> parse_settings(std::string_view yaml, const std::string& origin);

}  // namespace filestore::tool::serve
