#include "core/left_out.h"
#include "service/yaml_tree.h"

namespace filestore {

Result<YamlNode> parse_yaml(std::string_view, const std::string&) {
    return left_out_error("YAML", "FILESTORE_WITH_YAML");
}

}  // namespace filestore
