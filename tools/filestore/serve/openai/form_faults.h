#pragma once

/// What a form that is none is answered. Pure.

#include "serve/exchange.h"

namespace filestore::tool::serve::openai {

[[nodiscard]] Response refusal_of_form(FormFault fault);

}  // namespace filestore::tool::serve::openai
