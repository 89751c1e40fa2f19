#include "s3/protocol/delete_xml.h"

#include <algorithm>
#include <map>
#include <optional>
#include <pugixml.hpp>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/errors.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/xml_reader.h"
#include "s3/protocol/xml_writer.h"

namespace filestore::s3 {
namespace {

using NamePair = std::pair<std::string, std::string>;
using Outcomes = std::map<NamePair, Result<DeletedObject>>;

Error invalid_batch(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

Result<void> check_objects(std::span<const ObjectName> objects) {
    if (objects.empty() || objects.size() > most_keys_per_delete) {
        return invalid_batch("a batch deletes 1 to 1000 objects, not " + std::to_string(objects.size()));
    }
    for (const ObjectName& object : objects) {
        if (object.key.empty()) {
            return invalid_batch("a key to delete is empty");
        }
        if (!fits_batch_delete(object)) {
            return invalid_batch("no batch can name the key " + quoted(object.key) + ": delete it by itself");
        }
    }
    return {};
}

Result<DeletedObject> read_deleted(pugi::xml_node element) {
    DeletedObject deleted;
    FILESTORE_TRY_ASSIGN(deleted.is_delete_marker, optional_boolean(element, "DeleteMarker"));
    deleted.delete_marker_version_id = optional_text(element, "DeleteMarkerVersionId");
    return deleted;
}

/// What `<Error>` in a DeleteResult says: the fields are those of an error document.
Error read_failure(pugi::xml_node element, const NamePair& name, std::span<const SecretString> secrets) {
    std::string document = "<Error>";
    append_element(document, "Code", optional_text(element, "Code"));
    append_element(document, "Message", optional_text(element, "Message"));
    document += "</Error>";
    return error_of_answer({200, document, {}, "deleting " + quoted(name.first), secrets});
}

Result<Outcomes> read_outcomes(pugi::xml_node root, std::span<const SecretString> secrets) {
    Outcomes outcomes;
    for (const pugi::xml_node element : root.children()) {
        const std::string_view kind = element.name();
        if (kind != "Deleted" && kind != "Error") {
            continue;
        }
        NamePair name;
        FILESTORE_TRY_ASSIGN(name.first, required_text(element, "Key"));
        name.second = optional_text(element, "VersionId");
        Result<DeletedObject> outcome = kind == "Deleted"
                                            ? read_deleted(element)
                                            : Result<DeletedObject>(read_failure(element, name, secrets));
        // Where a server says both, the failure counts.
        const auto [place, is_new] = outcomes.try_emplace(std::move(name), outcome);
        if (!is_new && place->second.ok()) {
            place->second = std::move(outcome);
        }
    }
    return outcomes;
}

/// The outcome of a key without a version, where the answer names the version that it had (seen: Garage 2.5.0) and the batch does not.
Outcomes::const_iterator find_by_key(const std::string& key, std::span<const ObjectName> objects,
                                     const Outcomes& outcomes) {
    const auto found = outcomes.lower_bound({key, std::string()});
    if (found == outcomes.end() || found->first.first != key) {
        return outcomes.end();
    }
    const bool is_asked_for = std::any_of(objects.begin(), objects.end(), [&](const ObjectName& object) {
        return object.key == key && object.version_id == found->first.second;
    });
    return is_asked_for ? outcomes.end() : found;
}

Result<DeletedObject> outcome_of(const ObjectName& object, std::span<const ObjectName> objects,
                                 const Outcomes& outcomes) {
    auto found = outcomes.find({object.key, object.version_id});
    if (found == outcomes.end() && object.version_id == "null") {
        found = outcomes.find({object.key, std::string()});
    }
    if (found == outcomes.end() && object.version_id.empty()) {
        found = find_by_key(object.key, objects, outcomes);
    }
    if (found != outcomes.end()) {
        return found->second;
    }
    ErrorDetails details;
    details.retryable = true;
    details.http_status = 200;
    return Error(ErrorCode::outcome_unknown,
                 "the server's answer does not say whether " + quoted(object.key) + " was deleted",
                 std::move(details));
}

}  // namespace

bool fits_batch_delete(const ObjectName& object) noexcept {
    return fits_xml(object.key) && fits_xml(object.version_id) && fits_xml(object.etag);
}

Result<std::string> delete_body(std::span<const ObjectName> objects) {
    FILESTORE_TRY(check_objects(objects));
    std::string xml = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (const ObjectName& object : objects) {
        xml += "<Object>";
        append_element(xml, "Key", object.key);
        if (!object.version_id.empty()) {
            append_element(xml, "VersionId", object.version_id);
        }
        if (!object.etag.empty()) {
            append_element(xml, "ETag", quoted_etag(object.etag));
        }
        xml += "</Object>";
    }
    // Quiet answers leave out what was deleted: a key that the server forgot would look like one of those.
    xml += "<Quiet>false</Quiet></Delete>";
    return xml;
}

Result<std::vector<Result<DeletedObject>>> parse_delete_result(std::string_view xml,
                                                               std::span<const ObjectName> objects,
                                                               std::span<const SecretString> secrets) {
    pugi::xml_document document;
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root, load_answer(document, xml, "DeleteResult"));
    FILESTORE_TRY_ASSIGN(const Outcomes outcomes, read_outcomes(root, secrets));
    std::vector<Result<DeletedObject>> results;
    results.reserve(objects.size());
    for (const ObjectName& object : objects) {
        results.push_back(outcome_of(object, objects, outcomes));
    }
    return results;
}

}  // namespace filestore::s3
