#include "http/trust.h"

#include <curl/curl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <initializer_list>
#include <string_view>

#include "core/environment.h"
#include "core/text.h"

namespace filestore::http {

namespace {

/// Debian, Arch, Gentoo; Fedora, RHEL; openSUSE; OpenELEC; newer RHEL; Alpine, BSDs; FreeBSD.
constexpr std::array<const char*, 7> known_files{
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
};
constexpr std::array<const char*, 3> known_directories{
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/system/etc/security/cacerts",
};

bool is_directory(const std::string& path) {
    struct ::stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string text_or_empty(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

std::string Trust::described() const {
    if (!pem.empty()) {
        return "the CA certificates given as PEM";
    }
    const std::string of_file = file.empty() ? "" : "the CA file " + quoted(file);
    const std::string of_directory = directory.empty() ? "" : "the CA directory " + quoted(directory);
    return of_file + (file.empty() || directory.empty() ? "" : " and ") + of_directory;
}

Result<Trust> find_system_trust(const TrustSearch& search) {
    Trust named{search.environment("SSL_CERT_FILE").value_or(""),
                search.environment("SSL_CERT_DIR").value_or(""),
                {}};
    if (!named.file.empty() || !named.directory.empty()) {
        return named;
    }
    const auto there = [&](const std::string& path) { return !path.empty() && search.exists(path); };
    // A file alone is parsed once and kept; with a directory beside it libcurl would parse it for each connection.
    if (there(search.built_in_file)) {
        return Trust{search.built_in_file, {}, {}};
    }
    if (there(search.built_in_directory)) {
        return Trust{{}, search.built_in_directory, {}};
    }
    std::string tried;
    for (const char* path : known_files) {
        if (there(path)) {
            return Trust{path, {}, {}};
        }
        tried += (tried.empty() ? "" : ", ") + std::string(path);
    }
    for (const char* path : known_directories) {
        if (there(path)) {
            return Trust{{}, path, {}};
        }
    }
    return Error(ErrorCode::configuration,
                 "this system has no CA certificates where they are looked for (" +
                     (search.built_in_file.empty() ? "" : search.built_in_file + ", ") + tried +
                     "): give a CA file, or set SSL_CERT_FILE");
}

Result<Trust> find_system_trust() {
    const curl_version_info_data* const built = curl_version_info(CURLVERSION_NOW);
    return find_system_trust({
        environment_variable,
        [](const std::string& path) { return ::access(path.c_str(), R_OK) == 0; },
        text_or_empty(built->cainfo),
        text_or_empty(built->capath),
    });
}

Trust trust_in_path(const std::string& path) {
    return is_directory(path) ? Trust{{}, path, {}} : Trust{path, {}, {}};
}

}  // namespace filestore::http
