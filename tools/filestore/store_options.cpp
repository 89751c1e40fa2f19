#include "store_options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/try.h"

namespace filestore::tool {

namespace {

constexpr std::array<std::string_view, 5> credentials{"aws_access_key", "aws_secret_key", "aws_session_token",
                                                      "sse_customer_key", "audit_key"};

struct BackendOwnOption {
    std::string_view name;
    std::string_view backend;
};
/// Options that tell which store is meant: given for a backend that is not in use, files would go to another place than the user thinks.
constexpr std::array<BackendOwnOption, 4> own_options{{
    {"base_path", "local"},
    {"layout", "local"},
    {"bucket_name", "s3"},
    {"endpoint", "s3"},
}};

Result<void> refuse_credentials(const StoreOption& option) {
    if (std::find(credentials.begin(), credentials.end(), option.name) == credentials.end()) {
        return {};
    }
    return Error(ErrorCode::invalid_argument,
                 option.written_as +
                     ": credentials are not taken from the command line, where others can see them; set "
                     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or SUPABASE_KEY), or use --config");
}

Result<void> check_backend_of(const StoreOption& option, const std::string& backend) {
    for (const BackendOwnOption& own : own_options) {
        if (own.name == option.name && own.backend != backend) {
            return Error(ErrorCode::invalid_argument, option.written_as + " belongs to the backend " +
                                                          std::string(own.backend) + ", and the backend is " +
                                                          backend + ": give --backend " +
                                                          std::string(own.backend));
        }
    }
    return {};
}

Result<ServiceOptions> as_configured(Result<ServiceOptions> loaded) {
    if (!loaded && loaded.error().code() != ErrorCode::no_memory) {
        return Error(ErrorCode::configuration, std::string(loaded.error().message()));
    }
    return loaded;
}

Result<ServiceOptions> read_config(const std::string& path) {
    if (path.empty()) {
        return Error(ErrorCode::invalid_argument, "--config: give the name of a file");
    }
    return as_configured(load_config_file(path));
}

/// `made` is what the file says.
Result<ServiceOptions> with_command_line(ServiceOptions made, const Options& options) {
    for (const StoreOption& option : options.store_options) {
        FILESTORE_TRY(refuse_credentials(option));
        if (auto set = made.set(option.name, option.value); !set) {
            return set.error().within(option.written_as);
        }
    }
    for (const StoreOption& option : options.store_options) {
        FILESTORE_TRY(check_backend_of(option, made.backend));
    }
    return made;
}

}  // namespace

Result<ServiceOptions> make_service_options(const Options& options) {
    ServiceOptions configured;
    if (options.config_file) {
        FILESTORE_TRY_ASSIGN(configured, read_config(*options.config_file));
    }
    return with_command_line(std::move(configured), options);
}

Result<ServiceOptions> make_service_options(const Options& options, std::string_view yaml) {
    ServiceOptions configured;
    if (options.config_file) {
        FILESTORE_TRY_ASSIGN(configured, as_configured(parse_config(yaml, *options.config_file)));
    }
    return with_command_line(std::move(configured), options);
}

}  // namespace filestore::tool
