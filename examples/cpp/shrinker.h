#pragma once

/// Makes a smaller picture of a PPM (P6) while its bytes come: a row of sums is all that is kept of it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// A value; one thread at a time.
class Shrinker {
public:
    /// `emit` gets the bytes of the smaller picture, in which a pixel is the mean of `factor` times `factor`, as far as there are so many.
    Shrinker(std::uint32_t factor, std::function<void(std::string_view)> emit)
        : factor_(factor), emit_(std::move(emit)) {}

    /// Why these bytes are no picture; empty where all is well.
    [[nodiscard]] std::string take(std::span<const std::byte> bytes);

    /// The same of the end.
    [[nodiscard]] std::string finish();

private:
    [[nodiscard]] std::string take_header(char character);
    [[nodiscard]] std::string end_of_word();
    [[nodiscard]] std::string begin_pixels();
    void take_sample(std::uint8_t sample);
    void end_row();
    void emit_row();

    std::uint32_t factor_;
    std::function<void(std::string_view)> emit_;

    std::string word_{};
    bool in_comment_ = false;
    std::uint32_t words_ = 0;
    std::uint32_t numbers_[3] = {};

    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    std::uint64_t column_ = 0;
    std::uint32_t row_ = 0;
    std::uint32_t rows_summed_ = 0;
    std::vector<std::uint64_t> sums_{};
};
