#include "service/yaml_tree.h"

namespace filestore {

Error yaml_error(const std::string& origin, YamlPlace place, const std::string& message) {
    return Error(ErrorCode::configuration, origin + ":" + std::to_string(place.line) + ":" +
                                               std::to_string(place.column) + ": " + message);
}

}  // namespace filestore
