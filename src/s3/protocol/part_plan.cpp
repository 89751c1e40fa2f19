#include "s3/protocol/part_plan.h"

#include <string>

#include "core/try.h"

namespace filestore::s3 {
namespace {

constexpr std::uint64_t divide_rounding_up(std::uint64_t number, std::uint64_t by) noexcept {
    return number / by + (number % by == 0 ? 0 : 1);
}

constexpr std::uint64_t rounded_up(std::uint64_t size, std::uint64_t unit) noexcept {
    return divide_rounding_up(size, unit) * unit;
}

/// What all parts of a growing stream hold together.
constexpr std::uint64_t growing_total(std::uint64_t first) noexcept {
    std::uint64_t total = 0;
    for (std::uint32_t number = 1; number <= most_parts; ++number) {
        total += growing_part_size(number, first);
    }
    return total;
}
static_assert(growing_total(least_part_size) >= largest_object_size);
static_assert(growing_total(default_part_size) >= largest_object_size);
static_assert(growing_part_size(most_parts, largest_part_size) == largest_part_size);

std::string in_mebibytes(std::uint64_t size) {
    return std::to_string(size / mebibyte) + " MiB";
}

Error invalid_plan(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

Result<void> check_part_size(std::uint64_t size, PartLimits limits) {
    if (size < limits.least || size > largest_part_size) {
        return invalid_plan("a part size of " + std::to_string(size) +
                            " bytes is not possible: use 5 MiB (5242880) to 5 GiB");
    }
    return {};
}

}  // namespace

Result<PartPlan> plan_parts(std::uint64_t object_size, std::uint64_t wished, PartLimits limits) {
    FILESTORE_TRY(check_part_size(wished, limits));
    if (object_size > largest_object_size) {
        return invalid_plan("a file of " + in_mebibytes(object_size) +
                            " is too large: S3 stores 5 TiB at most");
    }
    const std::uint64_t needed = divide_rounding_up(object_size, most_parts);
    PartPlan plan;
    plan.object_size = object_size;
    plan.part_size = needed <= wished ? wished : rounded_up(needed, limits.unit);
    const std::uint64_t count = divide_rounding_up(object_size, plan.part_size);
    plan.count = static_cast<std::uint32_t>(std::max<std::uint64_t>(count, 1));
    return plan;
}

Result<StreamParts> StreamParts::make(PartSizes sizes, std::uint64_t first, PartLimits limits) {
    FILESTORE_TRY(check_part_size(first, limits));
    return StreamParts(sizes, rounded_up(first, limits.unit));
}

std::uint64_t StreamParts::plain_size_of(std::uint32_t number) const noexcept {
    return sizes_ == PartSizes::equal ? first_ : growing_part_size(number, first_);
}

std::uint64_t StreamParts::offset_of(std::uint32_t number) const noexcept {
    if (sizes_ == PartSizes::equal) {
        return (number - 1) * first_;
    }
    std::uint64_t offset = 0;
    for (std::uint32_t step_start = 1; step_start < number; step_start += parts_per_step) {
        const std::uint32_t parts = std::min(parts_per_step, number - step_start);
        offset += parts * growing_part_size(step_start, first_);
    }
    return offset;
}

std::uint64_t StreamParts::capacity() const noexcept {
    return sizes_ == PartSizes::equal ? std::min(most_parts * first_, largest_object_size)
                                      : largest_object_size;
}

Result<std::uint64_t> StreamParts::size_of(std::uint32_t number) const {
    const std::uint64_t offset = number > most_parts ? capacity() : offset_of(number);
    if (offset < capacity()) {
        return std::min(plain_size_of(number), capacity() - offset);
    }
    if (capacity() == largest_object_size) {
        return invalid_plan("the stream is too large: S3 stores 5 TiB at most");
    }
    return invalid_plan("the stream is too large: this server takes parts of one size only, and 10,000 of " +
                        in_mebibytes(first_) + " hold " + in_mebibytes(capacity()) +
                        ": set a larger part size, at most 5 GiB (" +
                        in_mebibytes(rounded_up(largest_object_size / most_parts, mebibyte)) +
                        " hold 5 TiB)");
}

}  // namespace filestore::s3
