#pragma once

/// How an object is cut into the parts that it came in.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "s3/protocol/object_pin.h"
#include "s3/transfer/object_download.h"

namespace filestore::s3 {

/// Asks the server (GetObjectAttributes) for the sizes of the `count` parts of the object that `pin` is of. `done` gets them in order, once, on a thread of
/// the library; none where the server does not tell, or tells of another object, or the call has to end.
void ask_part_sizes(const std::shared_ptr<Requester>& requester,
                    std::shared_ptr<const ObjectDownload> download, ObjectPin pin, std::uint32_t count,
                    std::function<void(std::vector<std::uint64_t>)> done);

}  // namespace filestore::s3
