#pragma once

/// The files beside this one, as they are in the sources.

#include <string_view>

namespace filestore::tool::serve {

extern const std::string_view openapi_json;
extern const std::string_view docs_html;
extern const std::string_view docs_css;
extern const std::string_view docs_script;

}  // namespace filestore::tool::serve
