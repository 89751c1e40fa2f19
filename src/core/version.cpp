#include "filestore/version.h"

namespace filestore {

std::string_view version() noexcept {
    return FILESTORE_VERSION;
}

}  // namespace filestore
