#include "shrinker.h"

#include <cctype>
#include <charconv>

namespace {

constexpr std::uint32_t channels = 3;
constexpr std::uint32_t longest_side = 1'000'000;
constexpr std::size_t header_words = 4;

std::uint32_t parts_of(std::uint32_t size, std::uint32_t factor) {
    return (size + factor - 1) / factor;
}

}  // namespace

std::string Shrinker::take(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
        if (words_ == header_words) {
            if (row_ == height_) {
                return "there are bytes behind the picture";
            }
            take_sample(std::to_integer<std::uint8_t>(byte));
        } else if (auto problem = take_header(static_cast<char>(byte)); !problem.empty()) {
            return problem;
        }
    }
    return {};
}

std::string Shrinker::finish() {
    if (words_ == 0) {
        return "this is no PPM";
    }
    return words_ == header_words && row_ == height_ ? std::string() : "the picture is cut short";
}

std::string Shrinker::take_header(char character) {
    if (in_comment_ || (character == '#' && word_.empty())) {
        in_comment_ = character != '\n';
        return {};
    }
    if (std::isspace(static_cast<unsigned char>(character)) != 0) {
        return word_.empty() ? std::string() : end_of_word();
    }
    word_ += character;
    return word_.size() > 10 ? "this is no PPM" : std::string();
}

std::string Shrinker::end_of_word() {
    if (words_ == 0) {
        if (word_ != "P6") {
            return "this is no PPM";
        }
    } else {
        std::uint32_t& number = numbers_[words_ - 1];
        const auto read = std::from_chars(word_.data(), word_.data() + word_.size(), number);
        if (read.ec != std::errc{} || read.ptr != word_.data() + word_.size() || number == 0) {
            return "this is no PPM: " + word_ + " is no number";
        }
    }
    word_.clear();
    return ++words_ == header_words ? begin_pixels() : std::string();
}

std::string Shrinker::begin_pixels() {
    width_ = numbers_[0];
    height_ = numbers_[1];
    if (width_ > longest_side || height_ > longest_side || numbers_[2] != 255) {
        return "only pictures of 8 bits a colour, and of at most a million pixels a side, are made smaller";
    }
    sums_.assign(std::size_t{parts_of(width_, factor_)} * channels, 0);
    emit_("P6\n" + std::to_string(parts_of(width_, factor_)) + " " +
          std::to_string(parts_of(height_, factor_)) + "\n255\n");
    return {};
}

void Shrinker::take_sample(std::uint8_t sample) {
    const std::uint64_t pixel = column_ / channels / factor_;
    sums_[pixel * channels + column_ % channels] += sample;
    if (++column_ == std::uint64_t{width_} * channels) {
        end_row();
    }
}

void Shrinker::end_row() {
    column_ = 0;
    ++row_;
    if (++rows_summed_ == factor_ || row_ == height_) {
        emit_row();
    }
}

void Shrinker::emit_row() {
    std::string row;
    const auto pixels = static_cast<std::uint32_t>(sums_.size() / channels);
    for (std::uint32_t index = 0; index < sums_.size(); ++index) {
        const bool is_last = index / channels == pixels - 1;
        const std::uint32_t columns = is_last ? width_ - (pixels - 1) * factor_ : factor_;
        row += static_cast<char>(sums_[index] / (std::uint64_t{columns} * rows_summed_));
    }
    emit_(row);
    sums_.assign(sums_.size(), 0);
    rows_summed_ = 0;
}
