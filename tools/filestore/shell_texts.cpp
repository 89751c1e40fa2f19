#include "shell_texts.h"

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

#include "filestore/version.h"

namespace filestore::tool {

namespace {

/// A word that begins with `-`, and what is said of it.
struct ShownOption {
    std::vector<std::string> words;
    /// Empty where it takes none.
    std::string value;
    std::string help;
};

std::vector<ShownOption> options_of(const CLI::App& app) {
    std::vector<ShownOption> shown;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional() || option->get_group().empty()) {
            continue;
        }
        ShownOption one{{}, option->get_type_name(), option->get_description()};
        for (const std::string& letter : option->get_snames()) {
            one.words.push_back("-" + letter);
        }
        for (const std::string& name : option->get_lnames()) {
            one.words.push_back("--" + name);
        }
        shown.push_back(std::move(one));
    }
    return shown;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
    std::string text;
    for (const std::string& word : words) {
        text += text.empty() ? "" : separator;
        text += word;
    }
    return text;
}

std::string words_of_options(const CLI::App& app) {
    std::string words;
    for (const ShownOption& option : options_of(app)) {
        words += (words.empty() ? "" : " ") + joined(option.words, " ");
    }
    return words;
}

/// The options of an app whose values are of that kind, as a pattern of `case`.
void add_valued(std::vector<std::string>& words, const CLI::App& app,
                bool (*is_of_kind)(const std::string&)) {
    for (const ShownOption& option : options_of(app)) {
        if (!option.value.empty() && is_of_kind(option.value)) {
            words.insert(words.end(), option.words.begin(), option.words.end());
        }
    }
}

std::string pattern_of(const CLI::App& app, bool (*is_of_kind)(const std::string&)) {
    std::vector<std::string> words;
    add_valued(words, app, is_of_kind);
    for (const CLI::App* command : commands_of(app)) {
        add_valued(words, *command, is_of_kind);
    }
    return joined(words, "|");
}

bool is_file(const std::string& value) {
    return value == "FILE";
}

bool is_directory(const std::string& value) {
    return value == "DIRECTORY";
}

bool is_other(const std::string& value) {
    return !is_file(value) && !is_directory(value);
}

std::string troff(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '\\':
                escaped += "\\e";
                break;
            case '-':
                escaped += "\\-";
                break;
            case '\n':
                escaped += "\n.br\n";
                break;
            case '.':
            case '\'':
                // Else a request, at the beginning of a line.
                escaped += "\\&";
                escaped += c;
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

std::string manual_of_options(const CLI::App& app) {
    std::string text;
    for (const ShownOption& option : options_of(app)) {
        text += ".TP\n\\fB" + troff(joined(option.words, ", ")) + "\\fR";
        text += option.value.empty() ? "" : " \\fI" + troff(option.value) + "\\fR";
        text += "\n" + troff(option.help) + "\n";
    }
    return text;
}

std::string manual_of_operands(const CLI::App& app) {
    std::string text;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional() && !option->get_group().empty()) {
            text += ".TP\n\\fI" + troff(option->get_name(true)) + "\\fR\n" +
                    troff(option->get_description()) + "\n";
        }
    }
    return text;
}

/// Within single quotes, in a description of `_arguments`.
std::string zsh_description(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\'') {
            escaped += "'\\''";
        } else if (c == '[' || c == ']' || c == ':' || c == '\\') {
            escaped += '\\';
            escaped += c;
        } else {
            escaped += c == '\n' ? ' ' : c;
        }
    }
    return escaped;
}

std::string zsh_options(const CLI::App& app) {
    std::string text;
    for (const ShownOption& option : options_of(app)) {
        for (const std::string& word : option.words) {
            text += " \\\n        '*" + word + "[" + zsh_description(option.help) + "]";
            if (!option.value.empty()) {
                text += ":" + zsh_description(option.value) + ":";
                text += is_file(option.value) ? "_files" : is_directory(option.value) ? "_files -/" : "";
            }
            text += "'";
        }
    }
    return text;
}

}  // namespace

std::string manual_page(const CLI::App& app) {
    std::string page =
        ".TH FILESTORE 1 \"\" \"filestore " + std::string(version()) + "\" \"User commands\"\n";
    page += ".SH NAME\nfilestore \\- stores files in a local directory or an S3\\-compatible store\n";
    page +=
        ".SH SYNOPSIS\n.B filestore\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIOPTIONS\\fR] "
        "[\\fIOPERANDS\\fR]\n";
    page += ".SH OPTIONS\nThey stand before or after the command.\n" + manual_of_options(app);
    page += ".SH COMMANDS\n";
    for (const CLI::App* command : commands_of(app)) {
        page += ".SS " + troff(command->get_name()) + "\n" + troff(command->get_description()) + "\n";
        page += manual_of_operands(*command) + manual_of_options(*command);
    }
    page += ".SH \"EXIT STATUS AND ENVIRONMENT\"\n" + troff(app.get_footer()) + "\n";
    return page;
}

std::string bash_completion(const CLI::App& app) {
    std::vector<std::string> names;
    std::string cases;
    for (const CLI::App* command : commands_of(app)) {
        names.push_back(command->get_name());
        cases += "        " + command->get_name() + ") options+=' " + words_of_options(*command) + "' ;;\n";
    }
    return "# Completion of filestore for bash.\n"
           "_filestore() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= index\n"
           "    local options='" +
           words_of_options(app) +
           "'\n"
           "    COMPREPLY=()\n"
           "    case $before in\n"
           "        " +
           pattern_of(app, is_file) + ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n        " +
           pattern_of(app, is_directory) + ") COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n        " +
           pattern_of(app, is_other) +
           ") return ;;\n"
           "    esac\n"
           "    for ((index = 1; index < COMP_CWORD; index++)); do\n"
           "        case ${COMP_WORDS[index]} in\n"
           "            " +
           joined(names, "|") +
           ") command=${COMP_WORDS[index]}; break ;;\n"
           "        esac\n"
           "    done\n"
           "    case $command in\n" +
           cases +
           "    esac\n"
           "    case $word in\n"
           "        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return ;;\n"
           "    esac\n"
           "    if [ -z \"$command\" ]; then\n"
           "        COMPREPLY=($(compgen -W '" +
           joined(names, " ") +
           "' -- \"$word\"))\n"
           "    else\n"
           "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
           "    fi\n"
           "}\n"
           "complete -o filenames -F _filestore filestore\n";
}

std::string zsh_completion(const CLI::App& app) {
    std::string described;
    std::string cases;
    for (const CLI::App* command : commands_of(app)) {
        const std::string& name = command->get_name();
        described += "        '" + name + ":" + zsh_description(command->get_description()) + "'\n";
        cases += "            " + name + ") options+=(" + zsh_options(*command) + ") ;;\n";
    }
    return "#compdef filestore\n"
           "# Completion of filestore for zsh.\n"
           "_filestore() {\n"
           "    local context state line\n"
           "    local -a commands options\n"
           "    typeset -A opt_args\n"
           "    commands=(\n" +
           described +
           "    )\n"
           "    options=(" +
           zsh_options(app) +
           ")\n"
           "    _arguments -C $options '1:command:->command' '*::operand:->operand'\n"
           "    case $state in\n"
           "        command) _describe -t commands command commands ;;\n"
           "        operand)\n"
           "            case $words[1] in\n" +
           cases +
           "            esac\n"
           "            _arguments $options '*:file:_files'\n"
           "            ;;\n"
           "    esac\n"
           "}\n"
           "_filestore \"$@\"\n";
}

}  // namespace filestore::tool
