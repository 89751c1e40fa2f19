#include "core/checksum/crc_kernels.h"

#include <array>

namespace filestore {

namespace {

#if defined(__x86_64__)

constexpr std::array<NamedCrcKernel, 4> kernels{{{"portable", crc_portable},
                                                 {"pclmul", crc_pclmul},
                                                 {"vpclmul256", crc_vpclmul256},
                                                 {"vpclmul512", crc_vpclmul512}}};

/// The names of the wider vectors stand for the operating system's support of their registers, too.
std::size_t count_usable() noexcept {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("pclmul") == 0) {
        return 1;
    }
    if (__builtin_cpu_supports("vpclmulqdq") == 0 || __builtin_cpu_supports("avx2") == 0) {
        return 2;
    }
    return __builtin_cpu_supports("avx512f") == 0 ? 3 : 4;
}

#else

constexpr std::array<NamedCrcKernel, 1> kernels{{{"portable", crc_portable}}};

std::size_t count_usable() noexcept {
    return kernels.size();
}

#endif

}  // namespace

std::span<const NamedCrcKernel> usable_crc_kernels() noexcept {
    return std::span(kernels).first(count_usable());
}

}  // namespace filestore
