#include "options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/ascii.h"
#include "core/duration.h"
#include "core/text.h"
#include "core/try.h"
#include "filestore/version.h"
#include "shell_texts.h"

namespace filestore::tool {

namespace {

/// Some thirty years: longer ones are slips, and would overflow a clock.
constexpr double longest_timeout = 1e9;
constexpr unsigned most_parallel = 64;
constexpr unsigned most_days = 36'500;
constexpr unsigned most_next_times = 1000;

constexpr std::string_view exit_codes =
    "Exit codes: 0 ok, 1 other failure, 2 usage or configuration, 3 not found, 4 refused by validation,\n"
    "5 credentials or permission, 6 unavailable or timed out, 7 stored or received data is damaged.\n"
    "S3 credentials are taken from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN,\n"
    "or from the configuration file. SUPABASE_URL and SUPABASE_KEY name a project that is told of every\n"
    "upload and deletion.\n"
    "Alone, --man prints a page for man, and --completion bash or --completion zsh a script for the shell.";

/// Led before a word, makes it an operand for CLI11; no word of a command line holds one.
constexpr char literal_mark = '\0';

bool is_literal(const std::string& word) {
    return !word.empty() && word.front() == literal_mark;
}

std::string refuse_literal(const std::string& value) {
    return is_literal(value) ? "its value must stand before --" : "";
}

/// Options of the store that have a word of their own, and what ServiceOptions::set calls them.
struct StoreWord {
    const char* word;
    const char* name;
    const char* placeholder;
    const char* help;
};
constexpr std::array<StoreWord, 7> store_words{{
    {"--backend", "backend", "NAME", "Where files are kept: local (default) or s3"},
    {"--base-path", "base_path", "DIRECTORY", "Directory of a local store (default ./storage)"},
    {"--layout", "layout", "LAYOUT",
     "flat or sharded: how a new local store keeps its files (default flat), and what convert makes of one"},
    {"--bucket", "bucket_name", "NAME", "Bucket of an S3 store"},
    {"--endpoint", "endpoint", "URL", "Server of an S3 store (default AWS)"},
    {"--region", "region", "NAME", "Region of an S3 store (default us-east-1)"},
    {"--server", "profile", "PROFILE",
     "What server an S3 store is, as probe prints it (default: by its host)"},
}};

using Words = std::vector<std::string>;

/// CLI11 keeps only the last occurrence of an option that takes one value, and lets one that takes many swallow operands; this one is
/// repeatable and takes exactly one value each time.
CLI::Option* add_repeatable(CLI::App& app, const std::string& word, const std::string& placeholder,
                            const std::function<void(const Words&)>& take, const std::string& help) {
    return app.add_option_function<Words>(word, take, help)
        ->type_name(placeholder)
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check(refuse_literal);
}

/// Takes one value. Where it is given twice the last one counts, as an alias in a shell needs it.
template <class T, class Take>
CLI::Option* add_value(CLI::App& app, const std::string& word, const std::string& placeholder, Take take,
                       const std::string& help) {
    return app.add_option_function<T>(word, take, help)
        ->type_name(placeholder)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->check(refuse_literal);
}

CLI::Option* add_text(CLI::App& app, const std::string& word, const std::string& placeholder,
                      std::optional<std::string>& into, const std::string& help) {
    return add_value<std::string>(
        app, word, placeholder, [&into](const std::string& value) { into = value; }, help);
}

Result<PresignMethod> parse_method(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, PresignMethod>, 4> methods{{
        {"GET", PresignMethod::get},
        {"PUT", PresignMethod::put},
        {"HEAD", PresignMethod::head},
        {"DELETE", PresignMethod::remove},
    }};
    const auto* const found = std::find_if(methods.begin(), methods.end(), [word](const auto& method) {
        return equal_ignoring_case(method.first, word);
    });
    if (found == methods.end()) {
        return Error(ErrorCode::invalid_argument,
                     "--method " + filestore::quoted(word) + ": give GET, PUT, HEAD or DELETE");
    }
    return found->second;
}

Result<std::chrono::seconds> parse_expiry(std::string_view text) {
    const auto duration = read_duration(text);
    constexpr std::chrono::seconds most = std::chrono::days(366);
    if (!duration || *duration < std::chrono::seconds(1) || *duration > most) {
        return Error(ErrorCode::invalid_argument,
                     "--expires " + filestore::quoted(text) + ": give a time such as 90s, 15m, 1h or 7d");
    }
    return *duration;
}

/// The command line as CLI11 knows it. A resource: the parser's callbacks write into it.
class Parser {
public:
    Parser();
    Result<CommandLine> parse(int count, const char* const* arguments);

private:
    /// CLI11 reads what follows `--` as words of the main program once a command has an operand, so it gets them marked, as operands
    /// that look like nothing else. Throws CLI::ParseError.
    void run_cli11(int count, const char* const* arguments);
    [[nodiscard]] std::string text_for_shells(int count, const char* const* arguments) const;
    CLI::App* add_command(const std::string& word, Command command, const std::string& help);
    void add_operand(CLI::App& app, const std::string& placeholder, const std::string& help);
    void add_operand_and_dash(CLI::App& app, const std::string& placeholder, const std::string& help);
    void add_operands(CLI::App& app, const std::string& placeholder, const std::string& help);
    void add_optional_operands(CLI::App& app, const std::string& placeholder, const std::string& help);
    void add_commands();
    void add_common_options();
    std::vector<CLI::Option*> add_upload_options(CLI::App& app);
    std::vector<CLI::Option*> add_download_options(CLI::App& app);
    std::vector<CLI::Option*> add_list_options(CLI::App& app);
    CLI::Option* add_method_option(CLI::App& app);
    std::vector<CLI::Option*> add_link_options(CLI::App& app);
    std::vector<CLI::Option*> add_verify_options(CLI::App& app);
    std::vector<CLI::Option*> add_cleanup_options(CLI::App& app);
    void add_audit_options(CLI::App& app);
    void add_target_options(CLI::App& app);
    void add_send_options(CLI::App& app);
    void add_serve_options(CLI::App& app);
    void add_flush_option(CLI::App& app);
    void accept_before_the_command(Command command, const std::vector<CLI::Option*>& options);
    Result<void> take_named_options();
    Result<void> take_timeout();
    Result<void> take_flush();
    Result<void> take_times();
    Result<void> take_before();
    Result<void> take_dash();
    bool is_accepted(const CLI::Option& early_option) const;
    Result<void> check() const;
    Result<void> check_audit() const;
    Result<void> check_unsend() const;
    Error unexpected(const CLI::ParseError& failure) const;

    /// An option of one command that may also stand before the command.
    struct EarlyOption {
        Command command;
        CLI::Option* option;
    };

    CLI::App app_{"Stores files in a local directory or an S3-compatible store."};
    std::vector<std::pair<CLI::App*, Command>> commands_;
    std::vector<EarlyOption> early_options_;
    Options options_;
    Words named_options_;
    std::optional<double> timeout_;
    std::optional<double> flush_;
    std::optional<std::string> method_;
    std::optional<std::string> expires_;
    std::optional<std::string> before_;
    std::optional<std::string> kept_for_;
};

Parser::Parser() {
    app_.name("filestore");
    app_.set_version_flag("--version", "filestore " + std::string(version()), "Print the version and exit");
    app_.footer(std::string(exit_codes));
    // With a limit of one, an operand that is spelled like a command is an operand.
    app_.require_subcommand(1);
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_.fallthrough();
    add_common_options();
    add_commands();
}

CLI::App* Parser::add_command(const std::string& word, Command command, const std::string& help) {
    CLI::App* added = app_.add_subcommand(word, help);
    added->group("Commands");
    added->footer("Options of all commands: filestore --help");
    commands_.emplace_back(added, command);
    return added;
}

void Parser::add_operand(CLI::App& app, const std::string& placeholder, const std::string& help) {
    app.add_option(placeholder, options_.operands, help)->required()->expected(1)->type_name("");
}

/// `download ID -` is short for `download ID -o -`.
void Parser::add_operand_and_dash(CLI::App& app, const std::string& placeholder, const std::string& help) {
    app.add_option(placeholder, options_.operands, help)->required()->expected(1, 2)->type_name("[-]");
}

void Parser::add_operands(CLI::App& app, const std::string& placeholder, const std::string& help) {
    app.add_option(placeholder, options_.operands, help)->required()->type_name("");
}

void Parser::add_optional_operands(CLI::App& app, const std::string& placeholder, const std::string& help) {
    app.add_option(placeholder, options_.operands, help)->type_name("");
}

void Parser::add_commands() {
    CLI::App* upload = add_command("upload", Command::upload, "Store files; print their IDs, one a line");
    add_operands(*upload, "FILE", "Files to store; - for standard input");
    add_upload_options(*upload);
    add_flush_option(*upload);
    CLI::App* download = add_command("download", Command::download, "Fetch a file");
    add_operand_and_dash(*download, "ID", "ID of the file; - after it writes to standard output");
    add_download_options(*download);
    CLI::App* remove = add_command("delete", Command::remove, "Delete files");
    add_operands(*remove, "ID", "IDs of the files");
    add_flush_option(*remove);
    CLI::App* undelete =
        add_command("undelete", Command::undelete, "Take deletions back that soft_delete_grace still allows");
    add_operands(*undelete, "ID", "IDs of the files; list --deleted shows which");
    add_flush_option(*undelete);
    CLI::App* exists =
        add_command("exists", Command::exists, "Exit with 0 where a file is stored, else with 3");
    add_operand(*exists, "ID", "ID of the file");
    CLI::App* metadata = add_command("metadata", Command::metadata, "Show what is known of a file");
    add_operand(*metadata, "ID", "ID of the file");
    CLI::App* list = add_command("list", Command::list, "List the files: ID, bytes, time of last change");
    add_list_options(*list);
    CLI::App* presign =
        add_command("presign", Command::presign, "Print a URL by which anybody can use a file for a while");
    add_operand(*presign, "ID", "ID of the file");
    add_method_option(*presign);
    add_link_options(*presign);
    CLI::App* link =
        add_command("link", Command::link,
                    "Print a URL by which anybody can read a file for a while, under its name and as its "
                    "type; a local store needs url_base and url_key, and serve to answer it");
    add_operand(*link, "ID", "ID of the file");
    add_link_options(*link);
    add_command("probe", Command::probe, "Find out what server an S3 store is and what it can do");
    CLI::App* verify = add_command("verify", Command::verify,
                                   "Read every file; print what is damaged; exit with 7 where anything is");
    add_verify_options(*verify);
    CLI::App* convert =
        add_command("convert", Command::convert,
                    "Give local stores the other --layout, in place; a run that was ended is gone on with");
    add_optional_operands(*convert, "STORE", "Directories of the stores (default: that of --base-path)");
    CLI::App* cleanup = add_command("cleanup", Command::cleanup,
                                    "Delete files that are older than some days; show them and ask first");
    add_cleanup_options(*cleanup);
    add_flush_option(*cleanup);
    CLI::App* audit =
        add_command("audit", Command::audit, "See to what the audit server has still to be told");
    add_operands(*audit, "ACTION",
                 "status: how much waits; flush: wait until it is told; parked: the files that it refuses; "
                 "retry [ID...]: tell it of these, or of all of them, again; forget: there is none any more, "
                 "drop what waits for it; history ID...: what is recorded of files; files: those that are "
                 "recorded as stored; reconcile: find where store, catalogue and audit server "
                 "disagree; salvage: keep what can be read of a damaged catalogue");
    add_audit_options(*audit);
    add_flush_option(*audit);
    CLI::App* send = add_command("send", Command::send,
                                 "Send files to an AI provider; print the provider's IDs, one a line");
    add_operands(*send, "ID", "IDs of the files");
    add_target_options(*send);
    add_send_options(*send);
    CLI::App* sent = add_command(
        "sent", Command::sent,
        "Show which copies AI providers have: file, the provider's ID, state, provider, URL, when it "
        "was sent and when it expires");
    add_optional_operands(*sent, "ID", "IDs of the files (default: all that were sent)");
    CLI::App* unsend = add_command(
        "unsend", Command::unsend,
        "Remove copies from AI providers; without an ID, what is still to be removed of deleted files");
    add_optional_operands(*unsend, "ID", "IDs of the files");
    add_target_options(*unsend);
    unsend->add_flag("--forget-damaged", options_.forget_damaged,
                     "Forget the rows of copies that are damaged in the catalogue (without an ID: of all "
                     "files, and do nothing else): what they named may stay at the provider, and is told");
    CLI::App* serve = add_command("serve", Command::serve,
                                  "Serve the store by HTTP, until a signal ends it: to this machine, or with "
                                  "keys to others. SIGHUP has it "
                                  "read its configuration again");
    add_serve_options(*serve);
    add_command("key", Command::key,
                "Make a key for serve: print it, and its hash for storage.serve.keys of the configuration");

    accept_before_the_command(Command::upload, add_upload_options(app_));
    accept_before_the_command(Command::download, add_download_options(app_));
    accept_before_the_command(Command::list, add_list_options(app_));
    accept_before_the_command(Command::presign, {add_method_option(app_)});
    const std::vector<CLI::Option*> link_options = add_link_options(app_);
    accept_before_the_command(Command::presign, link_options);
    accept_before_the_command(Command::link, link_options);
    accept_before_the_command(Command::verify, add_verify_options(app_));
    accept_before_the_command(Command::cleanup, add_cleanup_options(app_));
}

void Parser::add_common_options() {
    add_text(app_, "--config", "FILE", options_.config_file,
             "Read options from this storage.yaml; the command line stands above it");
    for (const StoreWord& store : store_words) {
        add_value<std::string>(
            app_, store.word, store.placeholder,
            [this, store](const std::string& value) {
                options_.store_options.push_back({store.name, value, store.word});
            },
            store.help);
    }
    add_repeatable(
        app_, "--option", "NAME=VALUE", [this](const Words& words) { named_options_ = words; },
        "Set any other option of the store (repeatable)");
    add_value<double>(
        app_, "--timeout", "SECONDS", [this](double seconds) { timeout_ = seconds; },
        "Give up on a file after this long");
    app_.add_flag("--json", options_.json, "Print JSON, one object a line");
}

std::vector<CLI::Option*> Parser::add_upload_options(CLI::App& app) {
    CLI::Option* metadata = add_repeatable(
        app, "--meta", "KEY=VALUE",
        [this](const Words& words) {
            options_.metadata.insert(options_.metadata.end(), words.begin(), words.end());
        },
        "Store this with the file (repeatable)");
    CLI::Option* type = add_text(app, "--content-type", "TYPE", options_.content_type,
                                 "Type of the content, such as text/plain");
    CLI::Option* name = add_text(app, "--name", "NAME", options_.name,
                                 "Name to record in place of the operand (one FILE only)");
    return {metadata, type, name};
}

std::vector<CLI::Option*> Parser::add_download_options(CLI::App& app) {
    CLI::Option* output = add_text(
        app, "-o,--output", "FILE", options_.output,
        "Write here, - for standard output (default: the name that was recorded, in the working directory)");
    CLI::Option* force = app.add_flag("--force", options_.force, "Without -o, replace a file of that name");
    return {output, force};
}

std::vector<CLI::Option*> Parser::add_list_options(CLI::App& app) {
    const auto take = [this](std::int64_t limit) {
        options_.limit = limit > 0 ? static_cast<std::uint64_t>(limit) : 0;
    };
    CLI::Option* limit =
        add_value<std::int64_t>(app, "--limit", "NUMBER", take, "Print at most so many files");
    CLI::Option* deleted =
        app.add_flag("--deleted", options_.deleted,
                     "List what undelete gives back: ID, bytes, when it was deleted, when it is gone, name");
    return {limit, deleted};
}

CLI::Option* Parser::add_method_option(CLI::App& app) {
    return add_text(app, "--method", "METHOD", method_, "GET (default), PUT, HEAD or DELETE");
}

std::vector<CLI::Option*> Parser::add_link_options(CLI::App& app) {
    CLI::Option* expires =
        add_text(app, "--expires", "TIME", expires_,
                 "How long the URL can be used, such as 90s, 15m, 1h (default), 7d; less, with "
                 "a warning, where the credentials end before");
    CLI::Option* whole_time =
        app.add_flag("--whole-time", options_.whole_time, "Fail where the credentials end before that");
    return {expires, whole_time};
}

std::vector<CLI::Option*> Parser::add_verify_options(CLI::App& app) {
    CLI::Option* repair =
        app.add_flag("--repair", options_.repair,
                     "Move what is damaged to .filestore/quarantine of the store; delete nothing");
    CLI::Option* resume =
        app.add_flag("--resume", options_.resume, "Go on where a run that was stopped or killed has come to");
    const auto take = [this](std::int64_t number) {
        options_.parallel = static_cast<unsigned>(std::clamp<std::int64_t>(number, 0, most_parallel + 1));
    };
    CLI::Option* parallel = add_value<std::int64_t>(app, "--parallel", "NUMBER", take,
                                                    "Read so many files at a time, 1 to 64 (default 4)");
    return {repair, resume, parallel};
}

std::vector<CLI::Option*> Parser::add_cleanup_options(CLI::App& app) {
    const auto take = [this](std::int64_t number) {
        options_.days = static_cast<unsigned>(std::clamp<std::int64_t>(number, 0, most_days + 1));
    };
    CLI::Option* days =
        add_value<std::int64_t>(app, "--days", "NUMBER", take,
                                "Keep files for so many days (default: cleanup.retention_days of the "
                                "configuration file, else 30)");
    CLI::Option* dry_run = app.add_flag("--dry-run", options_.dry_run, "Only show what would be deleted");
    CLI::Option* yes = app.add_flag("--yes", options_.yes, "Delete without asking");
    CLI::Option* missing =
        app.add_flag("--accept-missing", options_.accept_missing,
                     "Go on where the store holds nothing of what is recorded, and record that as deleted");
    CLI::Option* versions =
        app.add_flag("--count-versions", options_.count_versions,
                     "Also tell what the bucket keeps of older versions: lists all of them");
    const auto take_times = [this](std::int64_t number) {
        options_.next_times = static_cast<unsigned>(std::clamp<std::int64_t>(number, 0, most_next_times + 1));
    };
    CLI::Option* next = add_value<std::int64_t>(
        app, "--next", "NUMBER", take_times,
        "Only print the next times of cleanup.schedule, at which a started service cleans up");
    next->excludes(days)->excludes(dry_run)->excludes(yes)->excludes(missing)->excludes(versions);
    return {days, dry_run, yes, missing, versions, next};
}

void Parser::add_audit_options(CLI::App& app) {
    add_text(app, "--before", "TIME", before_,
             "files: only those that were uploaded before this, such as 2026-01-31T12:00:00Z");
    app.add_flag("--dry-run", options_.dry_run, "reconcile: change nothing (the default)");
    app.add_flag("--yes,--repair", options_.yes,
                 "reconcile: repair the records by what is in the store; no file is removed");
}

void Parser::add_target_options(CLI::App& app) {
    add_value<std::string>(
        app, "--to", "PROVIDER", [this](const std::string& name) { options_.profile = name; },
        "openai, anthropic or gemini");
    add_value<std::string>(
        app, "--base-url", "URL", [this](const std::string& url) { options_.base_url = url; },
        "Of a service that is compatible with the provider, such as https://api.example.com/v1");
}

void Parser::add_send_options(CLI::App& app) {
    add_value<std::string>(
        app, "--purpose", "PURPOSE", [this](const std::string& purpose) { options_.purpose = purpose; },
        "What the files are for, where the provider wants to know (openai: default user_data)");
    add_value<std::string>(
        app, "--key-env", "NAME", [this](const std::string& name) { options_.key_variable = name; },
        "The environment variable that has the key (default OPENAI_API_KEY, ANTHROPIC_API_KEY, "
        "GOOGLE_API_KEY or "
        "GEMINI_API_KEY); it is remembered for the removal of the copy, and each has its own copies");
    add_text(app, "--expires", "TIME", kept_for_,
             "How long the provider is to keep them, such as 12h or 7d (default: until they are removed)");
    app.add_flag("--again", options_.again, "Send them although the provider has them");
    const auto take = [this](std::uint64_t bytes) { options_.parts_above = bytes; };
    add_value<std::uint64_t>(app, "--parts-above", "BYTES", take,
                             "openai: send larger files in parts (default 536870912)");
}

void Parser::add_serve_options(CLI::App& app) {
    add_text(app, "--listen", "ADDR:PORT", options_.listen,
             "Where to listen, which is printed (default 127.0.0.1:8080; port 0: any that is free)");
    add_repeatable(
        app, "--allow-host", "HOST", [this](const Words& words) { options_.allowed_hosts = words; },
        "Also answer requests to this host, as the header Host has it, such as files.example:8080 "
        "(repeatable)");
}

void Parser::add_flush_option(CLI::App& app) {
    add_value<double>(
        app, "--flush", "SECONDS", [this](double seconds) { flush_ = seconds; },
        "Wait at most so long at the end for the audit server, and no longer than --timeout gives all files "
        "(default 5; 0: leave it to the next command)");
}

void Parser::accept_before_the_command(Command command, const std::vector<CLI::Option*>& options) {
    const std::string hidden_from_help;
    for (CLI::Option* option : options) {
        option->group(hidden_from_help);
        early_options_.push_back({command, option});
    }
}

Result<void> Parser::take_named_options() {
    for (const std::string& word : named_options_) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Error(ErrorCode::invalid_argument,
                         "--option " + filestore::quoted(word) + ": give NAME=VALUE");
        }
        const std::string name = word.substr(0, equals);
        options_.store_options.push_back({name, word.substr(equals + 1), "--option " + name});
    }
    return {};
}

Result<void> Parser::take_timeout() {
    if (!timeout_) {
        return {};
    }
    // Not a number is not within them either.
    const bool is_within_limits = *timeout_ > 0 && *timeout_ <= longest_timeout;
    if (!is_within_limits) {
        return Error(ErrorCode::invalid_argument, "--timeout: give seconds, more than 0");
    }
    options_.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(*timeout_ * 1000)));
    return {};
}

Result<void> Parser::take_flush() {
    if (!flush_) {
        return {};
    }
    const bool is_within_limits = *flush_ >= 0 && *flush_ <= longest_timeout;
    if (!is_within_limits) {
        return Error(ErrorCode::invalid_argument, "--flush: give seconds, 0 or more");
    }
    options_.flush = std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(*flush_ * 1000)));
    return {};
}

Result<void> Parser::take_times() {
    if (method_) {
        FILESTORE_TRY_ASSIGN(options_.method, parse_method(*method_));
    }
    if (expires_) {
        FILESTORE_TRY_ASSIGN(options_.expires, parse_expiry(*expires_));
    }
    if (kept_for_) {
        FILESTORE_TRY_ASSIGN(options_.kept_for, parse_expiry(*kept_for_));
    }
    return {};
}

Result<void> Parser::take_before() {
    if (!before_) {
        return {};
    }
    const auto time = parse_timestamp(*before_);
    if (!time) {
        return Error(ErrorCode::invalid_argument, "--before " + filestore::quoted(*before_) +
                                                      ": give a time such as 2026-01-31T12:00:00Z");
    }
    options_.before = *time;
    return {};
}

Result<void> Parser::take_dash() {
    if (options_.command != Command::download || options_.operands.size() < 2) {
        return {};
    }
    const std::string dash = "-";
    if (options_.operands.back() != dash) {
        return Error(ErrorCode::invalid_argument,
                     filestore::quoted(options_.operands.back()) +
                         " is not expected here: download fetches one ID; give -o "
                         "FILE, or - for standard output");
    }
    if (options_.output && *options_.output != dash) {
        return Error(ErrorCode::invalid_argument, "- and -o name two places: leave one out");
    }
    options_.output = dash;
    options_.operands.pop_back();
    return {};
}

bool Parser::is_accepted(const CLI::Option& early_option) const {
    return std::any_of(early_options_.begin(), early_options_.end(), [&](const EarlyOption& early) {
        return early.option == &early_option && early.command == options_.command;
    });
}

Result<void> Parser::check() const {
    for (const EarlyOption& early : early_options_) {
        if (early.option->count() > 0 && !is_accepted(*early.option)) {
            return Error(ErrorCode::invalid_argument,
                         "--" + early.option->get_lnames().front() +
                             " is not an option of this command; see filestore --help");
        }
    }
    if (options_.name && options_.operands.size() > 1) {
        return Error(ErrorCode::invalid_argument, "--name names one file: give one FILE");
    }
    if (options_.limit == std::uint64_t{0}) {
        return Error(ErrorCode::invalid_argument, "--limit: give a number, 1 or more");
    }
    if (options_.parallel < 1 || options_.parallel > most_parallel) {
        return Error(ErrorCode::invalid_argument, "--parallel: give a number, 1 to 64");
    }
    if (options_.days && (*options_.days < 1 || *options_.days > most_days)) {
        return Error(ErrorCode::invalid_argument, "--days: give a number, 1 to 36500");
    }
    if (options_.next_times && (*options_.next_times < 1 || *options_.next_times > most_next_times)) {
        return Error(ErrorCode::invalid_argument, "--next: give a number, 1 to 1000");
    }
    if (options_.dry_run && options_.yes) {
        return Error(ErrorCode::invalid_argument, "--dry-run and --yes contradict each other: leave one out");
    }
    if (options_.command == Command::send && options_.profile.empty()) {
        return Error(ErrorCode::invalid_argument, "send: give --to openai, anthropic or gemini");
    }
    if (options_.command == Command::unsend) {
        return check_unsend();
    }
    if (options_.command == Command::audit) {
        return check_audit();
    }
    if (options_.json && options_.output == "-") {
        return Error(ErrorCode::invalid_argument,
                     "--json and -o - both write to standard output: leave one out");
    }
    return {};
}

Result<void> Parser::check_audit() const {
    constexpr auto actions = std::to_array<std::string_view>(
        {"status", "flush", "parked", "retry", "forget", "history", "files", "reconcile", "salvage"});
    const std::string& action = options_.operands.front();
    if (std::find(actions.begin(), actions.end(), action) == actions.end()) {
        const auto nearest = nearest_name(action, actions);
        return Error(ErrorCode::invalid_argument,
                     "audit " + filestore::quoted(action) +
                         ": give status, flush, parked, retry, forget, history, files, reconcile or salvage" +
                         (nearest ? " (did you mean " + std::string(*nearest) + "?)" : ""));
    }
    const bool takes_ids = action == "retry" || action == "history";
    if (!takes_ids && options_.operands.size() > 1) {
        return Error(ErrorCode::invalid_argument, "audit " + action + " takes no operand");
    }
    if (action == "history" && options_.operands.size() == 1) {
        return Error(ErrorCode::invalid_argument, "audit history: give the ID of a file");
    }
    if ((options_.dry_run || options_.yes) && action != "reconcile") {
        return Error(ErrorCode::invalid_argument, "--dry-run and --repair are options of audit reconcile");
    }
    if (options_.before && action != "files") {
        return Error(ErrorCode::invalid_argument, "--before is an option of audit files");
    }
    return {};
}

Result<void> Parser::check_unsend() const {
    if (!options_.base_url.empty() && options_.profile.empty()) {
        return Error(ErrorCode::invalid_argument, "--base-url says where of a provider: give --to, too");
    }
    if (!options_.profile.empty() && options_.operands.empty()) {
        return Error(ErrorCode::invalid_argument, "unsend --to: give the IDs of the files");
    }
    return {};
}

/// CLI11 tells of a word that it cannot place; this also tells what was probably meant.
Error Parser::unexpected(const CLI::ParseError& failure) const {
    const Words left_over = app_.remaining(true);
    if (app_.get_subcommands().empty() && left_over.empty()) {
        return {ErrorCode::invalid_argument, "give a command; see filestore --help"};
    }
    if (left_over.empty()) {
        return {ErrorCode::invalid_argument, std::string(failure.what()) + "; see filestore --help"};
    }
    const std::string word = left_over.front().substr(is_literal(left_over.front()) ? 1 : 0);
    Words known;
    for (const auto& [command, number] : commands_) {
        known.push_back(command->get_name());
        for (const CLI::Option* option : command->get_options()) {
            known.push_back(option->get_name());
        }
    }
    for (const CLI::Option* option : app_.get_options()) {
        known.push_back(option->get_name());
    }
    const std::vector<std::string_view> names(known.begin(), known.end());
    const auto nearest = nearest_name(word, names);
    return {ErrorCode::invalid_argument,
            filestore::quoted(word) + " is not expected here" +
                (nearest && *nearest != word ? " (did you mean " + std::string(*nearest) + "?)" : "") +
                "; see filestore --help"};
}

void Parser::run_cli11(int count, const char* const* arguments) {
    Words words(arguments + std::min(count, 1), arguments + count);
    const auto end_of_options = std::find(words.begin(), words.end(), "--");
    if (end_of_options != words.end()) {
        std::for_each(words.erase(end_of_options), words.end(),
                      [](std::string& word) { word.insert(0, 1, literal_mark); });
    }
    std::reverse(words.begin(), words.end());
    app_.parse(std::move(words));
    for (std::string& operand : options_.operands) {
        operand.erase(0, is_literal(operand) ? 1 : 0);
    }
}

/// The texts that stand in for a command; empty for other command lines.
std::string Parser::text_for_shells(int count, const char* const* arguments) const {
    const std::vector<std::string_view> words(arguments + 1, arguments + std::max(count, 1));
    if (words == std::vector<std::string_view>{"--man"}) {
        return manual_page(app_);
    }
    if (words == std::vector<std::string_view>{"--completion", "bash"}) {
        return bash_completion(app_);
    }
    if (words == std::vector<std::string_view>{"--completion", "zsh"}) {
        return zsh_completion(app_);
    }
    return {};
}

Result<CommandLine> Parser::parse(int count, const char* const* arguments) {
    if (std::string text = text_for_shells(count, arguments); !text.empty()) {
        return CommandLine{{}, std::move(text)};
    }
    try {
        run_cli11(count, arguments);
    } catch (const CLI::CallForVersion& version_text) {
        return CommandLine{{}, std::string(version_text.what()) + "\n"};
    } catch (const CLI::Success&) {
        return CommandLine{{}, app_.help()};
    } catch (const CLI::ParseError& failure) {
        return unexpected(failure);
    }
    for (const auto& [command, number] : commands_) {
        if (command->parsed()) {
            options_.command = number;
        }
    }
    FILESTORE_TRY(take_named_options());
    FILESTORE_TRY(take_timeout());
    FILESTORE_TRY(take_flush());
    FILESTORE_TRY(take_times());
    FILESTORE_TRY(take_before());
    FILESTORE_TRY(take_dash());
    FILESTORE_TRY(check());
    return CommandLine{options_, {}};
}

}  // namespace

Result<CommandLine> parse_command_line(int count, const char* const* arguments) {
    return Parser().parse(count, arguments);
}

}  // namespace filestore::tool
