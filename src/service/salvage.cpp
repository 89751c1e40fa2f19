#include "filestore/salvage.h"

#include <filesystem>
#include <system_error>

#include "audit/salvage.h"
#include "core/text.h"
#include "core/try.h"
#include "filestore/service.h"
#include "service/catalogue_path.h"

namespace filestore {

Result<SalvageReport> salvage_catalogue(const ServiceOptions& options, const SalvageRequest& request) {
    FILESTORE_TRY_ASSIGN(const std::string path, catalogue_path(options));
    if (path.empty()) {
        return without_catalogue_error("the catalogue is off: there is none to salvage");
    }
    std::error_code failure;
    const std::filesystem::path absolute = std::filesystem::absolute(path, failure);
    if (failure) {
        return Error(ErrorCode::io, "cannot tell the working directory for catalogue " +
                                        filestore::quoted(path) + "; give an absolute path");
    }
    return salvage_catalogue_file(absolute.native(), request, system_clock()->now());
}

}  // namespace filestore
