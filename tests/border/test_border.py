import os
import shutil
import ssl

import pytest
from conftest import be_silent, go_away, server_variables

STORES = ["store", "s3"]
GLOBALS = ["static", "atexit", "thousand", "two_threads", "leak", "exit_in_a_callback"]
HOSTS = ["curl", "curl_of_nothing", "transfers_beside", "openssl", "openssl_with_a_service_left", "errors_of_openssl", "signals"]


@pytest.mark.parametrize("case", GLOBALS)
def test_there_is_no_init_and_no_shutdown(run, s3, case):
    run("globals", endpoint=s3, BORDER_CASE=case)


def test_the_library_is_loaded_and_unloaded_with_services_left(run, s3, tmp_path):
    run("loading", "cycles", tmp_path, os.environ["BORDER_LIBRARY"], endpoint=s3)


def test_a_plugin_that_contains_the_library(run, s3, tmp_path):
    if os.environ["BORDER_PLUGIN"]:
        run("loading", "plugin", tmp_path, os.environ["BORDER_PLUGIN"], endpoint=s3)


def test_two_copies_in_one_process(run, s3, tmp_path):
    copy = tmp_path / "libcopy.so"
    shutil.copyfile(os.environ["BORDER_LIBRARY"], copy)
    run("loading", "copies", tmp_path, os.environ["BORDER_LIBRARY"], copy, endpoint=s3)


@pytest.mark.parametrize("case", HOSTS)
def test_a_program_with_curl_and_openssl_of_its_own(run, s3, tmp_path, case):
    run("host", case, tmp_path, endpoint=s3)


@pytest.mark.parametrize("tls", [None, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_nobody_gets_a_signal_for_a_server_that_goes_away(run, front, tmp_path, tls):
    run("host", "one_who_leaves", tmp_path, endpoint=front(go_away, tls=tls))


@pytest.mark.parametrize("name", STORES)
def test_fork_while_threads_are_at_work(run, s3, tmp_path, name):
    run("forking", name, tmp_path, endpoint=s3, forks=True)


@pytest.mark.parametrize("name", STORES)
def test_threads_are_bounded_and_end(run, tmp_path, name):
    run("threads", "bound", name, tmp_path, endpoint=server_variables()["FILESTORE_S3_ENDPOINT"])


def test_work_is_done_by_an_executor_of_the_program(run, tmp_path):
    run("threads", "executor", "store", tmp_path)


@pytest.mark.parametrize("name", STORES)
def test_a_service_ends_with_calls_under_way(run, s3, tmp_path, name):
    run("threads", "close", name, tmp_path, endpoint=s3)


def test_a_service_ends_while_its_server_is_silent(run, front, tmp_path):
    run("threads", "close_of_silence", "s3", tmp_path, endpoint=front(be_silent))


@pytest.mark.parametrize("name", STORES)
def test_callbacks_end_what_they_are_of_and_call_back_in(run, s3, tmp_path, name):
    run("inside", name, tmp_path, endpoint=s3)
