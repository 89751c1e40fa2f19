#include "service/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

/// Thrown through yaml-cpp, and caught in parse_yaml.
struct YamlRefusal {
    YamlPlace place;
    std::string message;
};

YamlPlace place_of(const YAML::Mark& mark) {
    return mark.is_null() ? YamlPlace{} : YamlPlace{mark.line + 1, mark.column + 1};
}

/// Builds the tree from the parser's events. A resource; one thread at a time.
class TreeBuilder final : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        add({YamlNode::Kind::empty, place_of(mark), {}, {}});
    }

    void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  const std::string& value) override {
        add({YamlNode::Kind::text, place_of(mark), value, {}});
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw YamlRefusal{place_of(mark), "aliases (*name) are not supported; write the value itself"};
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        open_.push_back({{YamlNode::Kind::list, place_of(mark), {}, {}}, std::nullopt});
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        open_.push_back({{YamlNode::Kind::mapping, place_of(mark), {}, {}}, std::nullopt});
    }
    void OnMapEnd() override { close(); }

    [[nodiscard]] YamlNode take() { return std::move(root_); }

    /// Where the last value or key that was read began.
    [[nodiscard]] YamlPlace last_read() const { return last_read_; }

private:
    struct Open {
        YamlNode node;
        /// The key that waits for its value.
        std::optional<YamlEntry> entry;
    };

    void close() {
        YamlNode node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }

    void add(YamlNode node) {
        last_read_ = node.place;
        if (open_.empty()) {
            root_ = std::move(node);
        } else if (open_.back().node.kind == YamlNode::Kind::mapping) {
            add_to_mapping(open_.back(), std::move(node));
        } else {
            open_.back().node.items.push_back(std::move(node));
        }
    }

    static void add_to_mapping(Open& mapping, YamlNode node) {
        if (mapping.entry) {
            mapping.entry->value = std::move(node);
            mapping.node.entries.push_back(std::move(*mapping.entry));
            mapping.entry.reset();
            return;
        }
        if (node.kind != YamlNode::Kind::text) {
            throw YamlRefusal{node.place, "a key must be a word"};
        }
        refuse_second(mapping.node, node);
        mapping.entry = YamlEntry{std::move(node.text), node.place, {}};
    }

    static void refuse_second(const YamlNode& mapping, const YamlNode& key) {
        const auto first = std::find_if(mapping.entries.begin(), mapping.entries.end(),
                                        [&](const YamlEntry& entry) { return entry.key == key.text; });
        if (first != mapping.entries.end()) {
            throw YamlRefusal{key.place, "key " + filestore::quoted(key.text) +
                                             " occurs a second time (first in line " +
                                             std::to_string(first->place.line) + "); remove one of the two"};
        }
    }

    std::vector<Open> open_;
    YamlNode root_;
    YamlPlace last_read_;
};

/// yaml-cpp takes 0x04 for the end of the text, so a control character must not get there.
std::optional<YamlPlace> find_control_character(std::string_view text) {
    YamlPlace place;
    for (const char c : text) {
        if (c == '\n') {
            ++place.line;
            place.column = 1;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t' && c != '\r') || byte == 0x7F) {
            return place;
        }
        ++place.column;
    }
    return std::nullopt;
}

Result<void> check_text(std::string_view yaml, const std::string& origin) {
    if (yaml.size() > most_yaml_bytes) {
        return yaml_error(origin, {}, "the file is larger than 1 MiB; a configuration is a few lines");
    }
    if (!is_utf8(yaml)) {
        return yaml_error(origin, {}, "the file is not UTF-8 text");
    }
    if (const auto place = find_control_character(yaml)) {
        return yaml_error(origin, *place, "a control character; remove it");
    }
    return {};
}

Result<YamlNode> read_document(std::string_view yaml, const std::string& origin, TreeBuilder& tree) {
    // yaml-cpp takes the end of the text for a missing closing quote, but not the end of a document.
    std::istringstream text(std::string(yaml) + "\n...\n");
    YAML::Parser parser(text);
    parser.HandleNextDocument(tree);
    YamlNode root = tree.take();
    if (parser.HandleNextDocument(tree)) {
        return yaml_error(origin, tree.take().place, "a second document begins; only one is allowed");
    }
    return root;
}

Error syntax_error(const std::string& origin, const YAML::Exception& failure, YamlPlace last_read) {
    if (failure.msg == YAML::ErrorMsg::DOC_IN_SCALAR || failure.msg == YAML::ErrorMsg::EOF_IN_SCALAR) {
        return yaml_error(origin, last_read,
                          "not valid YAML: a quoted text that begins after this has no end");
    }
    return yaml_error(origin, place_of(failure.mark), "not valid YAML: " + failure.msg);
}

}  // namespace

Result<YamlNode> parse_yaml(std::string_view yaml, const std::string& origin) {
    FILESTORE_TRY(check_text(yaml, origin));
    TreeBuilder tree;
    try {
        return read_document(yaml, origin, tree);
    } catch (const YamlRefusal& refusal) {
        return yaml_error(origin, refusal.place, refusal.message);
    } catch (const YAML::Exception& failure) {
        return syntax_error(origin, failure, tree.last_read());
    }
}

}  // namespace filestore
