#pragma once

/// The body of a request as the bytes of an upload.

#include <memory>

#include "serve/body_pipes.h"
#include "serve/exchange.h"
#include "serve/routes.h"

namespace filestore::tool::serve {

/// What becomes of the bytes that came before a body was cut.
enum class IfCut { drop, keep };

/// Takes the body of the exchange: for its handler, which has the store read what this answers.
[[nodiscard]] std::shared_ptr<UploadPipe> take_body(const Context& context,
                                                    const std::shared_ptr<Exchange>& exchange, IfCut if_cut);

}  // namespace filestore::tool::serve
