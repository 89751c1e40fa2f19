#include "power/ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string_view>

namespace filestore::test {

namespace {

constexpr std::string_view begin_word = "begin";
constexpr std::string_view acknowledge_word = "acknowledged";
constexpr std::string_view cut_word = "cut ";
constexpr std::string_view fail_word = "failed ";

}  // namespace

LedgerWriter::LedgerWriter(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    if (file_ < 0) {
        throw std::runtime_error("cannot make the ledger " + path);
    }
}

LedgerWriter::~LedgerWriter() {
    ::close(file_);
}

void LedgerWriter::begin() {
    write_line(std::string(begin_word));
}

void LedgerWriter::acknowledge() {
    write_line(std::string(acknowledge_word));
}

void LedgerWriter::cut(const std::string& where) {
    write_line(std::string(cut_word) + where);
}

void LedgerWriter::fail(const std::string& message) {
    write_line(std::string(fail_word) + message);
}

void LedgerWriter::write_line(std::string line) {
    line += '\n';
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        ::fdatasync(file_) != 0) {
        throw std::runtime_error("cannot write the ledger");
    }
}

Ledger read_ledger(const std::string& path) {
    Ledger ledger;
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        if (line == begin_word) {
            ++ledger.begun;
        } else if (line == acknowledge_word) {
            ++ledger.acknowledged;
        } else if (line.starts_with(cut_word)) {
            ledger.cut = line.substr(cut_word.size());
        } else if (line.starts_with(fail_word)) {
            ledger.failure = line.substr(fail_word.size());
        }
    }
    return ledger;
}

}  // namespace filestore::test
