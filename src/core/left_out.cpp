#include "core/left_out.h"

#include <string>

namespace filestore {

Error left_out_error(std::string_view part, std::string_view option) {
    return Error(ErrorCode::unsupported, "this filestore was built without " + std::string(part) +
                                             ": build it with " + std::string(option));
}

}  // namespace filestore
