#include "service/verify_json.h"

#include <utility>

#include "core/json.h"

namespace filestore {

std::string to_json(const VerifyFinding& finding) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_string(writer, "file_id", finding.id.text());
    write_string(writer, "damage", to_string(finding.damage));
    write_string(writer, "what", finding.what);
    writer.Key("quarantined");
    writer.Bool(finding.quarantined);
    writer.EndObject();
    return std::move(output.text);
}

std::string to_json(const VerifyReport& report) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_number(writer, "files", report.files);
    write_number(writer, "bytes", report.bytes);
    write_number(writer, "unchecked", report.unchecked);
    write_number(writer, "corrupt", report.corrupt);
    write_number(writer, "missing", report.missing);
    write_number(writer, "orphaned", report.orphaned);
    write_number(writer, "unreadable", report.unreadable);
    write_number(writer, "in_quarantine", report.in_quarantine);
    write_number(writer, "under_way", report.under_way);
    writer.EndObject();
    return std::move(output.text);
}

}  // namespace filestore
