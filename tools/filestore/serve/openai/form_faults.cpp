#include "serve/openai/form_faults.h"

#include "serve/answers.h"

namespace filestore::tool::serve::openai {

namespace {

std::string_view message_of(FormFault fault) {
    switch (fault) {
        case FormFault::no_form:
            return "send a form (multipart/form-data)";
        case FormFault::no_boundary:
            return "the Content-Type of the form has no boundary";
        case FormFault::nameless_part:
            return "a part of the form has no name";
        case FormFault::cut:
            return "the form ends before its end is marked";
        case FormFault::long_part:
        case FormFault::long_field:
            return "a field of the form is too long: send a file as a part with a file name";
        case FormFault::many_fields:
            return "the form has too many fields";
        case FormFault::invalid:
        case FormFault::broken:
            break;
    }
    return "the form cannot be read";
}

}  // namespace

Response refusal_of_form(FormFault fault) {
    return openai_response(400, message_of(fault));
}

}  // namespace filestore::tool::serve::openai
