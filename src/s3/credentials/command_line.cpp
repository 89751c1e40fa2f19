#include "s3/credentials/command_line.h"

#include <utility>

namespace filestore::s3 {
namespace {

/// Takes the line apart from its front.
class Splitter {
public:
    explicit Splitter(std::string_view line) : rest_(line) {}

    /// False where a quote or an escape is not ended.
    bool split() {
        while (!rest_.empty()) {
            const char c = take();
            if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                end_word();
            } else if (!take_part(c)) {
                return false;
            }
        }
        end_word();
        return true;
    }

    std::vector<std::string> take_words() && { return std::move(words_); }

private:
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    void end_word() {
        if (in_word_) {
            words_.push_back(std::move(word_));
        }
        word_.clear();
        in_word_ = false;
    }

    bool take_part(char c) {
        in_word_ = true;
        switch (c) {
            case '\'':
                return take_single_quoted();
            case '"':
                return take_double_quoted();
            case '\\':
                return take_escaped();
            default:
                word_ += c;
                return true;
        }
    }

    bool take_single_quoted() {
        const std::size_t end = rest_.find('\'');
        if (end == std::string_view::npos) {
            return false;
        }
        word_.append(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
        return true;
    }

    bool take_double_quoted() {
        while (!rest_.empty()) {
            const char c = take();
            if (c == '"') {
                return true;
            }
            const bool escapes =
                c == '\\' && !rest_.empty() && (rest_.front() == '"' || rest_.front() == '\\');
            word_ += escapes ? take() : c;
        }
        return false;
    }

    bool take_escaped() {
        if (rest_.empty()) {
            return false;
        }
        word_ += take();
        return true;
    }

    std::string_view rest_;
    std::string word_;
    bool in_word_ = false;
    std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_command_line(std::string_view line) {
    Splitter splitter(line);
    if (line.find('\0') != std::string_view::npos || !splitter.split()) {
        return Error(ErrorCode::configuration, "the command has a quote that is not closed, or a NUL");
    }
    std::vector<std::string> words = std::move(splitter).take_words();
    if (words.empty() || words.front().empty()) {
        return Error(ErrorCode::configuration, "the command is empty");
    }
    return words;
}

}  // namespace filestore::s3
