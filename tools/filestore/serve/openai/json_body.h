#pragma once

/// The body of a request as the text of a JSON value.

#include <functional>
#include <memory>
#include <string>

#include "serve/exchange.h"

namespace filestore::tool::serve::openai {

/// Has the body collected, for the handler of the exchange; `done` is called with it on the thread of the connections, and must not wait. What says that it is something else, or is longer than 1 MiB, is refused.
void take_json(const std::shared_ptr<Exchange>& exchange, std::function<void(std::string)> done);

}  // namespace filestore::tool::serve::openai
