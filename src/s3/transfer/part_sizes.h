#pragma once

/// How an object is cut into the parts that it came in.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "s3/protocol/object_pin.h"
#include "s3/transfer/object_download.h"

namespace filestore::s3 {

/// `count` parts of `size` bytes, the last one of what is left; nothing where an object of `object_size` bytes is not made of such, or of
/// more than S3 takes.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> equal_parts(std::uint64_t object_size,
                                                                    std::uint64_t size, std::uint32_t count);

/// Asks the server for the size of part `number` of the `count` parts of the object that `pin` is of. `done` is called once, on a thread of the
/// library: `unsupported` where the server does not tell, or tells of another object.
void ask_part_size(const std::shared_ptr<Requester>& requester, const ObjectDownload& download,
                   const ObjectPin& pin, std::uint32_t number, std::uint32_t count,
                   std::function<void(Result<std::uint64_t>)> done);

/// Asks for the parts behind the first, one after the other, until one has another size than it is said to have. `done` is called once, on a
/// thread of the library, with whether all are as they are said to be.
void compare_part_sizes(const std::shared_ptr<Requester>& requester,
                        std::shared_ptr<const ObjectDownload> download, ObjectPin pin,
                        std::vector<std::uint64_t> sizes, std::function<void(Result<bool>)> done);

}  // namespace filestore::s3
