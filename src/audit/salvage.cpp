#include "audit/salvage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "audit/catalogue_file.h"
#include "audit/salvage_rows.h"
#include "audit/sqlite.h"
#include "core/descriptor.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

constexpr std::size_t page_size = 4096;

Result<void> rename_file(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) {
        return errno_error(errno,
                           "cannot rename " + filestore::quoted(from) + " to " + filestore::quoted(to));
    }
    return {};
}

Result<bool> exists(const std::string& path) {
    struct stat about = {};
    if (lstat(path.c_str(), &about) == 0) {
        return true;
    }
    return errno == ENOENT ? Result<bool>(false)
                           : errno_error(errno, "cannot look for " + filestore::quoted(path));
}

Result<void> write_at(const Descriptor& file, std::span<const char> bytes, off_t at,
                      const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t written = pwrite(file.get(), bytes.data(), bytes.size(), at);
        if (written < 0 && errno != EINTR) {
            return open_file_error(errno, "cannot write " + filestore::quoted(path));
        }
        const auto done = static_cast<std::size_t>(std::max<ssize_t>(written, 0));
        bytes = bytes.subspan(done);
        at += static_cast<off_t>(done);
    }
    return {};
}

/// What the disk does not give becomes zeros.
Result<void> copy_what_can_be_read(const std::string& from, const std::string& to) {
    const Descriptor source = open_at(AT_FDCWD, from.c_str(), O_RDONLY);
    if (!source.is_open()) {
        return errno_error(errno, "cannot open " + filestore::quoted(from));
    }
    const Descriptor copy = open_at(AT_FDCWD, to.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (!copy.is_open()) {
        return errno_error(errno, "cannot make " + filestore::quoted(to));
    }
    struct stat about = {};
    if (fstat(source.get(), &about) != 0 || ftruncate(copy.get(), about.st_size) != 0) {
        return open_file_error(errno, "cannot write " + filestore::quoted(to));
    }
    std::array<char, page_size> page{};
    for (off_t at = 0; at < about.st_size; at += page_size) {
        const ssize_t read = pread(source.get(), page.data(), page.size(), at);
        if (read > 0) {
            FILESTORE_TRY(write_at(copy, std::span(page).first(static_cast<std::size_t>(read)), at, to));
        }
    }
    return {};
}

/// SQLite's own locks of who has a database open: as long as this one is held nobody gets to read it.
Result<Descriptor> lock_alone(const std::string& path) {
    Descriptor file = open_at(AT_FDCWD, path.c_str(), O_RDWR);
    if (!file.is_open()) {
        return errno_error(errno, "cannot open catalogue " + filestore::quoted(path));
    }
    struct flock readers = {};
    readers.l_type = F_WRLCK;
    readers.l_whence = SEEK_SET;
    readers.l_start = 0x40000000 + 2;
    readers.l_len = 510;
    if (fcntl(file.get(), F_OFD_SETLK, &readers) != 0) {
        return errno == EAGAIN || errno == EACCES
                   ? Error(ErrorCode::unavailable,
                           "catalogue " + filestore::quoted(path) +
                               " is open in another process; end all that use it first")
                   : open_file_error(errno, "cannot lock catalogue " + filestore::quoted(path));
    }
    return file;
}

/// Whether SQLite finds our tables in it. `corrupt` for what is whole and something else.
Result<bool> has_readable_tables(SqliteConnection& damaged) {
    const auto number = [&](const char* sql) -> std::optional<std::int64_t> {
        auto row = damaged.query(sql);
        const auto found = row.ok() ? row->next() : Result<bool>(false);
        return found.ok() && *found ? std::optional(row->number(0)) : std::nullopt;
    };
    const auto tables = number("SELECT count(*) FROM sqlite_schema WHERE type = 'table'");
    const auto ours = number(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('file_uploads', 'intents')");
    const auto application = number("PRAGMA application_id");
    const auto version = number("PRAGMA user_version");
    if (tables.value_or(0) > 0 && ours.value_or(0) == 0 && application != catalogue_application_id) {
        return Error(ErrorCode::corrupt, "catalogue " + filestore::quoted(damaged.path()) +
                                             " is a database, but not one of filestore");
    }
    if (application == catalogue_application_id && version.value_or(0) > catalogue_version && ours == 2) {
        return Error(ErrorCode::configuration,
                     "a newer version of filestore has written the catalogue; have that salvage it");
    }
    return ours == 2;
}

/// As far as SQLite can say.
Result<bool> is_sound(SqliteConnection& database) {
    auto row = database.query("PRAGMA integrity_check(1)");
    const auto found = row.ok() ? row->next() : Result<bool>(row.error());
    if (!found.ok()) {
        return found.error().code() == ErrorCode::corrupt ? Result<bool>(false) : found.error();
    }
    return *found && row->text(0) == "ok";
}

class Workshop {
public:
    Workshop(std::string path, const SalvageRequest& request, Timestamp now)
        : path_(std::move(path)), directory_(salvage_directory(path_)), request_(request), now_(now) {}

    Result<SalvageReport> run() {
        FILESTORE_TRY_ASSIGN(const bool has_moved, exists(damaged()));
        const std::string source = has_moved ? damaged() : path_;
        FILESTORE_TRY_ASSIGN(const Descriptor lock, lock_alone(source));
        if (mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
            return errno_error(errno, "cannot make directory " + filestore::quoted(directory_));
        }
        auto done = work(source);
        // Where nothing has moved, nothing has to be gone on with.
        if (source == path_ && (!done.ok() || !done->was_damaged)) {
            FILESTORE_TRY_ASSIGN(const bool moves, exists(damaged()));
            FILESTORE_TRY(moves ? Result<void>() : clear());
        }
        return done;
    }

private:
    [[nodiscard]] std::string damaged() const { return directory_ + "/damaged.sqlite"; }
    [[nodiscard]] std::string copy() const { return directory_ + "/copy.sqlite"; }
    [[nodiscard]] std::string fresh() const { return directory_ + "/new.sqlite"; }

    Result<SalvageReport> work(const std::string& source) {
        FILESTORE_TRY(remove_own_files());
        FILESTORE_TRY(move_log());
        FILESTORE_TRY(copy_what_can_be_read(source, copy()));
        FILESTORE_TRY_ASSIGN(const bool has_log, exists(source + "-wal"));
        FILESTORE_TRY(has_log ? copy_what_can_be_read(source + "-wal", copy() + "-wal") : Result<void>());
        SalvageReport report;
        FILESTORE_TRY(read_copy(report));
        report.was_damaged = report.was_damaged || source != path_;
        if (report.was_damaged) {
            FILESTORE_TRY(replace(report));
        }
        return report;
    }

    /// A log that did not come to move with its file.
    Result<void> move_log() {
        FILESTORE_TRY_ASSIGN(const bool file_has_moved, exists(damaged()));
        FILESTORE_TRY_ASSIGN(const bool log_is_left, exists(path_ + "-wal"));
        return file_has_moved && log_is_left ? rename_file(path_ + "-wal", damaged() + "-wal")
                                             : Result<void>();
    }

    Result<void> read_copy(SalvageReport& report) {
        FILESTORE_TRY_ASSIGN(SqliteConnection made, open_catalogue_file(fresh()));
        FILESTORE_TRY(made.execute_script("PRAGMA synchronous = NORMAL"));
        FILESTORE_TRY_ASSIGN(SqliteConnection read, open_copy(report));
        FILESTORE_TRY_ASSIGN(const bool sound, is_sound(read));
        report.was_damaged = report.was_damaged || !sound;
        FILESTORE_TRY(salvage_rows(read, made, request_, now_, report));
        // A log that a failed one leaves would not be moved.
        return made.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    Result<SqliteConnection> open_copy(SalvageReport& report) {
        {
            FILESTORE_TRY_ASSIGN(SqliteConnection opened, open_for_reading());
            FILESTORE_TRY_ASSIGN(const bool is_readable, has_readable_tables(opened));
            if (is_readable) {
                return opened;
            }
        }
        report.was_damaged = true;
        FILESTORE_TRY(mend_schema());
        return open_for_reading();
    }

    /// The copy is opened with what is wrong with its schema passed over.
    Result<SqliteConnection> open_for_reading() {
        FILESTORE_TRY_ASSIGN(SqliteConnection opened, SqliteConnection::open(copy()));
        FILESTORE_TRY(opened.execute_script(
            "PRAGMA writable_schema = ON; PRAGMA query_only = ON; PRAGMA cell_size_check = ON"));
        return opened;
    }

    /// The first page, and those below it, say where the tables begin: where the same version of the library has made them, as in every new catalogue. What does not fit is seen in the rows.
    Result<void> mend_schema() {
        const std::string sample = directory_ + "/sample.sqlite";
        std::vector<std::int64_t> pages;
        {
            FILESTORE_TRY_ASSIGN(SqliteConnection made, open_catalogue_file(sample));
            FILESTORE_TRY_ASSIGN(pages, schema_pages(made));
        }
        std::array<char, page_size> page{};
        const Descriptor from = open_at(AT_FDCWD, sample.c_str(), O_RDONLY);
        const Descriptor to = open_at(AT_FDCWD, copy().c_str(), O_RDWR);
        for (const std::int64_t number : pages) {
            const off_t at = (number - 1) * static_cast<off_t>(page.size());
            if (pread(from.get(), page.data(), page.size(), at) != static_cast<ssize_t>(page.size())) {
                return open_file_error(errno, "cannot read " + filestore::quoted(sample));
            }
            if (at == 0) {
                // The size of the file counts, and no page is free.
                std::fill_n(page.begin() + 28, 12, '\0');
            }
            FILESTORE_TRY(write_at(to, page, at, copy()));
        }
        return {};
    }

    /// Of a catalogue without rows: those in which no table and no index begins.
    static Result<std::vector<std::int64_t>> schema_pages(SqliteConnection& sample) {
        FILESTORE_TRY_ASSIGN(
            SqliteQuery row,
            sample.query("WITH RECURSIVE page(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM page, "
                         "pragma_page_count WHERE number < page_count) SELECT number FROM page "
                         "WHERE number NOT IN (SELECT rootpage FROM sqlite_schema)"));
        std::vector<std::int64_t> pages;
        for (;;) {
            FILESTORE_TRY_ASSIGN(const bool found, row.next());
            if (!found) {
                return pages;
            }
            pages.push_back(row.number(0));
        }
    }

    Result<void> replace(SalvageReport& report) {
        FILESTORE_TRY_ASSIGN(const bool has_moved, exists(damaged()));
        FILESTORE_TRY(give_to_its_owner(has_moved ? damaged() : path_));
        FILESTORE_TRY(has_moved ? Result<void>() : move_damaged());
        // Over what an earlier run has put there: nobody opens that before the directory has its final name.
        FILESTORE_TRY(rename_file(fresh(), path_));
        FILESTORE_TRY(sync_directory_of(path_));
        FILESTORE_TRY(remove_own_files());
        FILESTORE_TRY_ASSIGN(report.set_aside, free_name());
        FILESTORE_TRY(rename_file(directory_, report.set_aside));
        return sync_directory_of(path_);
    }

    Result<void> move_damaged() {
        FILESTORE_TRY(rename_file(path_, damaged()));
        FILESTORE_TRY(move_log());
        static_cast<void>(unlink((path_ + "-shm").c_str()));
        FILESTORE_TRY(sync_directory_of(damaged()));
        return sync_directory_of(path_);
    }

    /// Who runs this need not be who uses the catalogue.
    Result<void> give_to_its_owner(const std::string& source) {
        struct stat about = {};
        if (stat(source.c_str(), &about) != 0 || chmod(fresh().c_str(), about.st_mode & 0777) != 0) {
            return errno_error(errno, "cannot set the mode of " + filestore::quoted(fresh()));
        }
        if (about.st_uid != geteuid() && chown(fresh().c_str(), about.st_uid, about.st_gid) != 0) {
            return errno_error(
                errno, "cannot give " + filestore::quoted(fresh()) + " to the owner of the catalogue");
        }
        return {};
    }

    Result<std::string> free_name() const {
        std::string name = path_ + ".damaged-" + format_timestamp(now_);
        for (;;) {
            FILESTORE_TRY_ASSIGN(const bool is_taken, exists(name));
            if (!is_taken) {
                return name;
            }
            name += "+";
        }
    }

    Result<void> remove_own_files() {
        for (const std::string& name : {copy(), fresh(), directory_ + "/sample.sqlite"}) {
            for (const char* suffix : {"", "-wal", "-shm"}) {
                if (unlink((name + suffix).c_str()) != 0 && errno != ENOENT) {
                    return errno_error(errno, "cannot remove " + filestore::quoted(name + suffix));
                }
            }
        }
        return {};
    }

    Result<void> clear() {
        FILESTORE_TRY(remove_own_files());
        if (rmdir(directory_.c_str()) != 0) {
            return errno_error(errno, "cannot remove directory " + filestore::quoted(directory_));
        }
        return {};
    }

    static Result<void> sync_directory_of(const std::string& path) {
        const std::string directory = std::filesystem::path(path).parent_path().native();
        const Descriptor opened = open_at(AT_FDCWD, directory.c_str(), O_RDONLY | O_DIRECTORY);
        if (!opened.is_open() || fsync(opened.get()) != 0) {
            return open_file_error(errno, "cannot sync directory " + filestore::quoted(directory));
        }
        return {};
    }

    const std::string path_;
    const std::string directory_;
    const SalvageRequest& request_;
    const Timestamp now_;
};

}  // namespace

Result<SalvageReport> salvage_catalogue_file(const std::string& path, const SalvageRequest& request,
                                             Timestamp now) {
    return Workshop(path, request, now).run();
}

}  // namespace filestore
