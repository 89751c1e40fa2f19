#pragma once

/// What path streams take from descriptor streams.

#include <memory>
#include <string>

#include "core/descriptor.h"
#include "filestore/stream.h"

namespace filestore {

/// A source on an open descriptor that it owns, from its position on. `name` stands in messages.
[[nodiscard]] Result<std::shared_ptr<Source>> make_descriptor_source(Descriptor owned,
                                                                     const std::string& name);

/// A sink on an open descriptor; `owned` is closed with it (it may be empty). `name` stands in messages.
[[nodiscard]] Result<std::shared_ptr<Sink>> make_descriptor_sink(Descriptor owned, int descriptor,
                                                                 const std::string& name);

}  // namespace filestore
