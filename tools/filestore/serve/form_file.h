#pragma once

/// The file of a form. Pure functions.

#include <optional>
#include <string>

#include "serve/exchange.h"
#include "serve/routes.h"

namespace filestore::tool::serve {

/// The name that its head gives. `invalid_argument` for one that cannot be understood.
[[nodiscard]] Result<std::string> name_of_form_file(const FormPart& part);

/// `rejected` where a form is so long that its file must be larger than may be stored.
[[nodiscard]] std::optional<Error> refusal_of_form_size(const Context& context, const Request& head);

}  // namespace filestore::tool::serve
