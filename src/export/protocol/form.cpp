#include "export/protocol/form.h"

namespace filestore::provider {

namespace {

/// As browsers write names (WHATWG, "escape a multipart form data name").
std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        switch (c) {
            case '"':
                text += "%22";
                break;
            case '\r':
                text += "%0D";
                break;
            case '\n':
                text += "%0A";
                break;
            default:
                text += c;
        }
    }
    return text;
}

}  // namespace

FormEnvelope form_around(std::string_view boundary, std::span<const FormField> fields, const FormFile& file) {
    const std::string delimiter = "--" + std::string(boundary);
    FormEnvelope form;
    form.content_type = "multipart/form-data; boundary=" + std::string(boundary);
    for (const FormField& field : fields) {
        form.head += delimiter + "\r\nContent-Disposition: form-data; name=\"" + escaped(field.name) +
                     "\"\r\n\r\n" + std::string(field.value) + "\r\n";
    }
    form.head += delimiter + "\r\nContent-Disposition: form-data; name=\"" + escaped(file.field) +
                 "\"; filename=\"" + escaped(file.name) +
                 "\"\r\nContent-Type: " + std::string(file.content_type) + "\r\n\r\n";
    form.tail = "\r\n" + delimiter + "--\r\n";
    return form;
}

}  // namespace filestore::provider
