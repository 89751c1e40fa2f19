/* The C API on a local store. usage: capi_test DIRECTORY, where DIRECTORY exists and is empty. */

#include "support.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 2;
    }
    snprintf(directory, sizeof directory, "%s", argv[1]);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);

    filestore_service* service = open_store("store");
    test_codes();
    test_null_handles();
    test_null_outputs(service);
    test_null_service();
    test_null_inputs(service);
    test_options();
    test_clock();
    test_options_of_later_versions();
    test_warnings();
    test_config();
    test_bad_places();
    test_buffers(service);
    test_download_into(service);
    test_paths(service);
    test_callbacks(service);
    test_failing_readers(service);
    test_pieces(service);
    test_nested_call(service);
    test_info(service);
    test_ranges(service);
    test_metadata(service);
    test_bad_upload_options();
    test_setters_without_options();
    test_progress(service);
    test_cancelling(service);
    test_timeouts(service);
    test_delete(service);
    test_malformed_ids(service);
    test_errors(service);
    test_list();
    test_async(service);
    test_async_records(service);
    test_async_backends();
    test_backends(service);
    test_table_upkeep();
    test_table_uploads();
    test_presign();
    test_schedules();
    test_verify();
    test_layouts();
    test_cleanup();
    test_soft_delete();
    test_audit();
    test_export();
    test_salvage();
    filestore_close(service);

    return finish_checks();
}
