/// Processor seconds per GB (10^9 bytes) of each CRC by each implementation that this processor can run. Processor time,
/// so that other work on the machine counts for less.
///
///     filestore_bench_checksum [BYTES PER UPDATE]

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>
#include <vector>

#include "core/checksum/crc_kernels.h"

namespace {

using filestore::CrcAlgorithm;

constexpr std::size_t default_size = std::size_t{256} * 1024;
constexpr std::size_t bytes_per_run = std::size_t{512} * 1024 * 1024;
constexpr std::size_t runs = 9;
constexpr double giga = 1e9;

struct NamedAlgorithm {
    const char* name;
    CrcAlgorithm algorithm;
};
constexpr NamedAlgorithm algorithms[] = {
    {"CRC32", CrcAlgorithm::crc32}, {"CRC32C", CrcAlgorithm::crc32c}, {"CRC64NVME", CrcAlgorithm::crc64nvme}};

std::vector<std::byte> random_bytes(std::size_t size) {
    std::mt19937 random(1);
    std::vector<std::byte> bytes(size);
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(random() & 0xFF); });
    return bytes;
}

double seconds_per_gb(filestore::CrcKernel kernel, CrcAlgorithm algorithm,
                      const std::vector<std::byte>& bytes, std::uint64_t& crc) {
    const std::size_t updates = std::max<std::size_t>(bytes_per_run / bytes.size(), 1);
    const std::clock_t start = std::clock();
    for (std::size_t i = 0; i < updates; ++i) {
        crc = filestore::update_crc_by(kernel, algorithm, crc, bytes);
    }
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    return seconds * giga / static_cast<double>(updates * bytes.size());
}

double median_seconds_per_gb(filestore::CrcKernel kernel, CrcAlgorithm algorithm,
                             const std::vector<std::byte>& bytes, std::uint64_t& crc) {
    std::vector<double> measured;
    for (std::size_t run = 0; run < runs; ++run) {
        measured.push_back(seconds_per_gb(kernel, algorithm, bytes, crc));
    }
    std::nth_element(measured.begin(), measured.begin() + runs / 2, measured.end());
    return measured[runs / 2];
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t size = default_size;
    if (argc > 1) {
        const char* const end = argv[1] + std::strlen(argv[1]);
        const auto [rest, error] = std::from_chars(argv[1], end, size);
        if (error != std::errc{} || rest != end || size == 0) {
            std::fprintf(stderr, "usage: %s [BYTES PER UPDATE]\n", argv[0]);
            return 2;
        }
    }
    const std::vector<std::byte> bytes = random_bytes(size);
    std::printf("processor seconds per GB, median of %zu runs, %zu bytes per update\n", runs, size);
    for (const auto& [name, algorithm] : algorithms) {
        for (const auto& [kernel_name, kernel] : filestore::usable_crc_kernels()) {
            std::uint64_t crc = 0;
            const double seconds = median_seconds_per_gb(kernel, algorithm, bytes, crc);
            std::printf("%-10s %-11.*s %.4f  (crc %016llx)\n", name, static_cast<int>(kernel_name.size()),
                        kernel_name.data(), seconds, static_cast<unsigned long long>(crc));
        }
    }
}
