#include "local/verify_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/checksum/crc.h"
#include "core/staged_file.h"
#include "core/try.h"

namespace filestore::local {

namespace {

constexpr const char* log_name = "verify";
constexpr std::size_t crc_digits = 8;
constexpr std::size_t longest_line = 65'536;
constexpr int attempts_to_take = 100;

constexpr std::array damages{Damage::corrupt, Damage::missing, Damage::orphaned, Damage::unreadable};

/// The numbers of a report in the order in which a line has them.
std::array<std::uint64_t*, 9> numbers_of(VerifyReport& report) {
    return {&report.files,    &report.bytes,      &report.unchecked,     &report.corrupt,  &report.missing,
            &report.orphaned, &report.unreadable, &report.in_quarantine, &report.under_way};
}

std::string crc_of(std::string_view text) {
    const auto crc =
        static_cast<unsigned>(update_crc(CrcAlgorithm::crc32, 0, std::as_bytes(std::span(text))));
    std::array<char, crc_digits + 1> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", crc);
    return digits.data();
}

std::string as_line(const std::string& text) {
    return crc_of(text) + " " + text + "\n";
}

std::string first_line(bool repairs) {
    return as_line(std::string("V 1 ") + (repairs ? "1" : "0"));
}

std::string line_of(const FileId& id, VerifyReport report) {
    std::string text = "A " + id.str();
    for (const std::uint64_t* number : numbers_of(report)) {
        text += " " + std::to_string(*number);
    }
    return as_line(text);
}

std::string line_of(const VerifyFinding& finding) {
    return as_line("F " + finding.id.str() + " " + std::string(to_string(finding.damage)) +
                   (finding.quarantined ? " 1 " : " 0 ") + finding.what);
}

/// The text of a line of ours; nothing where it is not whole.
std::optional<std::string_view> checked(std::string_view line) {
    if (line.size() < crc_digits + 1 || line[crc_digits] != ' ' ||
        crc_of(line.substr(crc_digits + 1)) != line.substr(0, crc_digits)) {
        return std::nullopt;
    }
    return line.substr(crc_digits + 1);
}

/// Takes the next word off the text.
std::string_view next_word(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

std::optional<VerifyReport> report_in(std::string_view text) {
    VerifyReport report;
    for (std::uint64_t* number : numbers_of(report)) {
        const std::string_view word = next_word(text);
        const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), *number);
        if (failure != std::errc() || end != word.data() + word.size()) {
            return std::nullopt;
        }
    }
    return report;
}

std::optional<VerifyFinding> finding_in(const FileId& id, std::string_view text) {
    const std::string_view word = next_word(text);
    const std::string_view moved = next_word(text);
    for (const Damage damage : damages) {
        if (to_string(damage) == word) {
            return VerifyFinding{id, damage, std::string(text), moved == "1"};
        }
    }
    return std::nullopt;
}

/// Reads a log from its first line on.
class LogReader {
public:
    LogReader(const VerifyLog::OnFinding& on_finding, std::string first)
        : on_finding_(on_finding), first_(std::move(first)) {}

    /// Takes the next bytes of the file. False from the first line on that does not count.
    Result<bool> add(std::string_view bytes) {
        unread_ += bytes;
        std::string_view left = unread_;
        for (std::size_t end = left.find('\n'); end != std::string_view::npos; end = left.find('\n')) {
            FILESTORE_TRY_ASSIGN(const bool counts, take(left.substr(0, end + 1)));
            if (!counts) {
                return false;
            }
            left.remove_prefix(end + 1);
        }
        unread_.erase(0, unread_.size() - left.size());
        return unread_.size() <= longest_line;
    }

    /// Of what was read up to the last line that says how far the run was.
    [[nodiscard]] VerifyLog::Past& past() noexcept { return past_; }
    /// Where that line ends; 0 where the first line is another one.
    [[nodiscard]] std::uint64_t kept_size() const noexcept { return kept_size_; }

private:
    Result<bool> take(std::string_view line) {
        size_ += line.size();
        if (size_ == line.size()) {
            kept_size_ = line == first_ ? size_ : 0;
            return line == first_;
        }
        auto text = checked(line.substr(0, line.size() - 1));
        if (!text) {
            return false;
        }
        const std::string_view kind = next_word(*text);
        const auto id = FileId::parse(next_word(*text));
        if (!id.ok()) {
            return false;
        }
        return kind == "A" ? take_progress(*id, *text) : take_finding(*id, *text);
    }

    Result<bool> take_progress(const FileId& id, std::string_view text) {
        const auto report = report_in(text);
        if (!report) {
            return false;
        }
        if (past_.after != id) {
            past_.moving.reset();
        }
        past_.after = id;
        past_.report = *report;
        for (const VerifyFinding& finding : findings_) {
            FILESTORE_TRY(on_finding_(finding));
            if (finding.quarantined && finding.id == id) {
                past_.moving = id;
            }
        }
        findings_.clear();
        kept_size_ = size_;
        return true;
    }

    Result<bool> take_finding(const FileId& id, std::string_view text) {
        auto finding = finding_in(id, text);
        if (!finding) {
            return false;
        }
        findings_.push_back(std::move(*finding));
        return true;
    }

    const VerifyLog::OnFinding& on_finding_;
    std::string first_;
    VerifyLog::Past past_;
    std::vector<VerifyFinding> findings_;
    std::string unread_;
    std::uint64_t size_ = 0;
    std::uint64_t kept_size_ = 0;
};

/// Held as long as the descriptor is open.
bool lock(const Descriptor& file) {
    struct ::flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return ::fcntl(file.get(), F_OFD_SETLK, &whole) == 0;
}

/// Whether the file still has its name: the run that had it may have removed it.
bool has_name(const Descriptor& file) {
    struct ::stat status {};
    return ::fstat(file.get(), &status) == 0 && status.st_nlink > 0;
}

Descriptor open_log(const Store& store, const Descriptor& own) {
    constexpr int flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
    Descriptor made = open_at(own.get(), log_name, flags | O_EXCL, store.modes.file);
    if (!made.is_open()) {
        return errno == EEXIST ? open_at(own.get(), log_name, flags, store.modes.file) : std::move(made);
    }
    // The umask took from a mode that lets others in.
    if ((store.modes.file & 0077U) != 0) {
        static_cast<void>(::fchmod(made.get(), store.modes.file));
    }
    return made;
}

Error another_run(const Store& store) {
    return {ErrorCode::conflict, "another run of verify is at work " + store.place() + ": wait for its end"};
}

}  // namespace

Result<std::optional<VerifyLog>> VerifyLog::take(const Store& store) {
    auto own = open_or_make_again(store, store.base.get(), own_directory);
    if (!own.ok()) {
        return own.error().code() == ErrorCode::permission_denied
                   ? Result<std::optional<VerifyLog>>(std::optional<VerifyLog>())
                   : own.error();
    }
    for (int attempt = 0; attempt < attempts_to_take; ++attempt) {
        Descriptor file = open_log(store, *own);
        if (!file.is_open()) {
            const Error error =
                open_file_error(errno, "cannot open what a run of verify keeps " + store.place());
            if (error.code() == ErrorCode::permission_denied) {
                return std::optional<VerifyLog>();
            }
            return error;
        }
        if (!lock(file)) {
            return another_run(store);
        }
        if (has_name(file)) {
            return std::optional(VerifyLog(store, std::move(*own), std::move(file)));
        }
    }
    return another_run(store);
}

Result<void> VerifyLog::start(bool repairs) {
    FILESTORE_TRY(cut_to(0));
    return append(first_line(repairs));
}

Result<VerifyLog::Past> VerifyLog::resume(bool repairs, const OnFinding& on_finding) {
    LogReader reader(on_finding, first_line(repairs));
    std::vector<char> buffer(longest_line);
    off_t offset = 0;
    while (true) {
        const ssize_t got = ::pread(file_.get(), buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return open_file_error(errno, "cannot read what a run of verify has kept " + store_->place());
        }
        offset += got;
        FILESTORE_TRY_ASSIGN(const bool counts, reader.add({buffer.data(), static_cast<std::size_t>(got)}));
        if (got == 0 || !counts) {
            break;
        }
    }
    if (reader.kept_size() == 0) {
        FILESTORE_TRY(start(repairs));
        return Past();
    }
    FILESTORE_TRY(cut_to(reader.kept_size()));
    return reader.past();
}

Result<void> VerifyLog::note(const FileId& id, const VerifyReport& report) {
    return append(line_of(id, report));
}

Result<void> VerifyLog::note(const VerifyFinding& finding, const VerifyReport& report) {
    if (!finding.quarantined) {
        return append(line_of(finding));
    }
    FILESTORE_TRY(append(line_of(finding) + line_of(finding.id, report)));
    if (store_->durability == Durability::none) {
        return {};
    }
    return flush_to_disk(file_.get(), "cannot flush what a run of verify keeps " + store_->place());
}

void VerifyLog::remove() noexcept {
    ::unlinkat(own_.get(), log_name, 0);
}

Result<void> VerifyLog::append(const std::string& text) {
    return write_all(file_.get(), std::as_bytes(std::span(text)),
                     "cannot note how far verify has come " + store_->place());
}

Result<void> VerifyLog::cut_to(std::uint64_t size) {
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) {
        return open_file_error(errno, "cannot cut what a run of verify keeps " + store_->place());
    }
    return {};
}

}  // namespace filestore::local
