#pragma once

/// Where the certificates come from that TLS trusts.

#include <functional>
#include <optional>
#include <string>

#include "filestore/result.h"

namespace filestore::http {

/// A value. At most one of `pem` and the paths is set.
struct Trust {
    std::string file;
    std::string directory;
    /// Certificates themselves.
    std::string pem;

    /// For messages: "the CA file '/etc/ssl/cert.pem'".
    [[nodiscard]] std::string described() const;
};

/// What the system is asked for. A value.
struct TrustSearch {
    /// Nothing where the variable is not set.
    std::function<std::optional<std::string>(const char* variable)> environment;
    /// Whether there is a file or directory to read.
    std::function<bool(const std::string& path)> exists;
    /// What libcurl was built with; empty where it knows none.
    std::string built_in_file;
    std::string built_in_directory;
};

/// The system's certificates: those that SSL_CERT_FILE and SSL_CERT_DIR name; else libcurl's own where they exist; else those of the places where systems keep them.
/// `configuration` where there are none. Pure but for what `search` does.
[[nodiscard]] Result<Trust> find_system_trust(const TrustSearch& search);

/// The same for this process and its libcurl.
[[nodiscard]] Result<Trust> find_system_trust();

/// `path` is a file, or a directory of files named by OpenSSL's hashes.
[[nodiscard]] Trust trust_in_path(const std::string& path);

}  // namespace filestore::http
