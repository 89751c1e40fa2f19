#include "service/catalogue_path.h"

#include <optional>
#include <utility>

#include "audit/sqlite.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "core/environment.h"
#include "core/left_out.h"
#include "core/try.h"

namespace filestore {

namespace {

Result<std::string> state_directory() {
    if (const auto state = environment_variable("XDG_STATE_HOME"); state && state->starts_with('/')) {
        return *state + "/filestore";
    }
    if (const auto home = environment_variable("HOME")) {
        return *home + "/.local/state/filestore";
    }
    return Error(ErrorCode::configuration,
                 "no place for the catalogue: set HOME, XDG_STATE_HOME, or the option catalogue_path");
}

/// Readable, and different for every place that files can be in.
std::string file_name(const S3Options& options) {
    const std::string place =
        options.endpoint + '\n' + options.region + '\n' + options.bucket + '\n' + options.key_prefix;
    constexpr std::size_t enough_digits = 12;
    return options.bucket + "-" + to_hex(sha256(place)).substr(0, enough_digits) + ".sqlite";
}

Error no_catalogues() {
    return left_out_error("SQLite, which keeps the catalogue", "FILESTORE_WITH_SQLITE");
}

}  // namespace

Error without_catalogue_error(std::string message) {
    return can_keep_catalogues() ? Error(ErrorCode::configuration, std::move(message)) : no_catalogues();
}

bool has_catalogue(const ServiceOptions& options) {
    return can_keep_catalogues() && options.catalogue_path != "off";
}

Result<void> check_catalogue(const ServiceOptions& options) {
    const bool is_wanted = !options.catalogue_path.empty() && options.catalogue_path != "off";
    return is_wanted && !can_keep_catalogues() ? no_catalogues() : Result<void>();
}

Result<std::string> catalogue_path(const ServiceOptions& options) {
    if (!has_catalogue(options)) {
        return std::string();
    }
    if (!options.catalogue_path.empty()) {
        return options.catalogue_path;
    }
    if (options.backend == "local") {
        return options.local.base_path + "/.filestore/catalogue.sqlite";
    }
    FILESTORE_TRY_ASSIGN(const std::string directory, state_directory());
    return directory + "/" + file_name(options.s3);
}

}  // namespace filestore
