#pragma once

/// All that the service is told by its command line and its configuration file, which is read once for all of it.

#include <string>
#include <vector>

#include "filestore/service.h"
#include "options.h"
#include "serve/http_server.h"
#include "serve/listening.h"
#include "serve/settings.h"

namespace filestore::tool::serve {

/// A value.
struct Configuration {
    ServiceOptions store{};
    Settings settings{};
    ListenAddress address{};
    TlsIdentity tls{};
    /// By which it may be called beside its own address.
    std::vector<std::string> hosts{};

    [[nodiscard]] std::string_view scheme() const noexcept {
        return tls.certificate.empty() ? "http" : "https";
    }
};

/// Changes nothing, and opens nothing but the files that it reads. `configuration` and `invalid_argument`, with file and line, for what cannot be right. Blocks.
[[nodiscard]] Result<Configuration> load_configuration(const Options& options);

/// `configuration` where `wanted` asks for what a service that runs as `running` cannot become: another store or another address.
[[nodiscard]] Result<void> check_reload(const Configuration& running, const Configuration& wanted);

}  // namespace filestore::tool::serve
