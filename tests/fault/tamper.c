// Runs a program and counts its system calls, over all of its threads and in the order in which they are made. Tells them, or
// spoils some of them.
//
// usage: tamper REPORT MARKER CLASS ACTION PROGRAM [ARGUMENT...]
//
//   REPORT   the file that gets a line for each call that is told or spoilt: its number, thread, name, and file
//   MARKER   a path: counting begins with the first call that names it, or what is below it
//   CLASS    all: every call counts; file: those on files; change: those that may change what is on disk
//   ACTION   list                tells every call that counts
//            kill N              ends the program by SIGKILL when it makes call N, before the call has acted
//            error N ERRNO       fails call N by the number ERRNO; the call does not act
//            errors N ERRNO      the same for every later call of that name too
//            shorten BYTES       no call transfers more than so many bytes; each transfers truly what it says
//
// Ends as the program does: with its exit code, or by the signal that ended it.

#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { largest_path = 4096, most_threads = 256 };

/// Which argument of a call tells its file, and as what.
enum subject { no_file, path_0, path_1, path_3, descriptor_0, descriptor_4 };

/// `size_argument` is the number of the argument that says how much is transferred at most; 0 where nothing is.
struct call {
    uint64_t number;
    const char* name;
    enum subject subject;
    bool changes;
    int size_argument;
};

static const struct call calls[] = {
    {SYS_access, "access", path_0, false, 0},
    {SYS_chmod, "chmod", path_0, true, 0},
    {SYS_close, "close", descriptor_0, false, 0},
    {SYS_copy_file_range, "copy_file_range", descriptor_0, true, 4},
    {SYS_creat, "creat", path_0, true, 0},
    {SYS_faccessat, "faccessat", path_1, false, 0},
    {SYS_faccessat2, "faccessat2", path_1, false, 0},
    {SYS_fadvise64, "fadvise64", descriptor_0, false, 0},
    {SYS_fallocate, "fallocate", descriptor_0, true, 0},
    {SYS_fchmod, "fchmod", descriptor_0, true, 0},
    {SYS_fchmodat, "fchmodat", path_1, true, 0},
    {SYS_fchown, "fchown", descriptor_0, true, 0},
    {SYS_fcntl, "fcntl", descriptor_0, false, 0},
    {SYS_fdatasync, "fdatasync", descriptor_0, true, 0},
    {SYS_flock, "flock", descriptor_0, false, 0},
    {SYS_fsetxattr, "fsetxattr", descriptor_0, true, 0},
    {SYS_fstat, "fstat", descriptor_0, false, 0},
    {SYS_fstatfs, "fstatfs", descriptor_0, false, 0},
    {SYS_fsync, "fsync", descriptor_0, true, 0},
    {SYS_ftruncate, "ftruncate", descriptor_0, true, 0},
    {SYS_getdents64, "getdents64", descriptor_0, false, 0},
    {SYS_ioctl, "ioctl", descriptor_0, true, 0},
    {SYS_link, "link", path_0, true, 0},
    {SYS_linkat, "linkat", path_3, true, 0},
    {SYS_lseek, "lseek", descriptor_0, false, 0},
    {SYS_lstat, "lstat", path_0, false, 0},
    {SYS_mkdir, "mkdir", path_0, true, 0},
    {SYS_mkdirat, "mkdirat", path_1, true, 0},
    {SYS_mknod, "mknod", path_0, true, 0},
    {SYS_mknodat, "mknodat", path_1, true, 0},
    {SYS_mmap, "mmap", descriptor_4, false, 0},
    {SYS_newfstatat, "newfstatat", path_1, false, 0},
    {SYS_open, "open", path_0, true, 0},
    {SYS_openat, "openat", path_1, true, 0},
    {SYS_openat2, "openat2", path_1, true, 0},
    {SYS_pread64, "pread64", descriptor_0, false, 2},
    {SYS_preadv, "preadv", descriptor_0, false, 0},
    {SYS_pwrite64, "pwrite64", descriptor_0, true, 2},
    {SYS_pwritev, "pwritev", descriptor_0, true, 0},
    {SYS_read, "read", descriptor_0, false, 2},
    {SYS_readlink, "readlink", path_0, false, 0},
    {SYS_readlinkat, "readlinkat", path_1, false, 0},
    {SYS_readv, "readv", descriptor_0, false, 0},
    {SYS_rename, "rename", path_0, true, 0},
    {SYS_renameat, "renameat", path_3, true, 0},
    {SYS_renameat2, "renameat2", path_3, true, 0},
    {SYS_rmdir, "rmdir", path_0, true, 0},
    {SYS_sendfile, "sendfile", descriptor_0, true, 3},
    {SYS_splice, "splice", descriptor_0, true, 4},
    {SYS_stat, "stat", path_0, false, 0},
    {SYS_statfs, "statfs", path_0, false, 0},
    {SYS_statx, "statx", path_1, false, 0},
    {SYS_sync_file_range, "sync_file_range", descriptor_0, true, 0},
    {SYS_syncfs, "syncfs", descriptor_0, true, 0},
    {SYS_truncate, "truncate", path_0, true, 0},
    {SYS_unlink, "unlink", path_0, true, 0},
    {SYS_unlinkat, "unlinkat", path_1, true, 0},
    {SYS_utimensat, "utimensat", path_1, true, 0},
    {SYS_write, "write", descriptor_0, true, 2},
    {SYS_writev, "writev", descriptor_0, true, 0},
};

enum class_of_calls { every_call, calls_on_files, calls_that_change };
enum action { list, kill_at, error_at, errors_from, shorten };

/// A thread of the program, and the error that its present call is to answer; 0 for none.
struct thread {
    pid_t id;
    int error;
};

/// What was asked for, and how far it has come.
static struct {
    FILE* report;
    const char* marker;
    enum class_of_calls counted;
    enum action action;
    long target;
    int error;
    uint64_t most_bytes;

    pid_t program;
    bool counting;
    long number;
    /// Of the first call that was spoilt.
    uint64_t spoilt_call;
    struct thread threads[most_threads];
    int thread_count;
} run;

static void die(const char* what) {
    fprintf(stderr, "tamper: %s: %s\n", what, strerror(errno));
    exit(125);
}

static struct thread* thread_of(pid_t id) {
    for (int i = 0; i < run.thread_count; ++i) {
        if (run.threads[i].id == id) {
            return &run.threads[i];
        }
    }
    if (run.thread_count == most_threads) {
        errno = EAGAIN;
        die("more threads than foreseen");
    }
    run.threads[run.thread_count] = (struct thread){id, 0};
    return &run.threads[run.thread_count++];
}

static const struct call* call_numbered(uint64_t number) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; ++i) {
        if (calls[i].number == number) {
            return &calls[i];
        }
    }
    return NULL;
}

/// Copies a string of the program; an empty one where there is none.
static void read_string(uint64_t address, char* into, size_t capacity) {
    const size_t page = 4096;
    size_t got = 0;
    while (got < capacity - 1) {
        // A string may end just before memory that cannot be read.
        size_t wanted = page - (size_t)((address + got) % page);
        wanted = wanted < capacity - 1 - got ? wanted : capacity - 1 - got;
        const struct iovec local = {into + got, wanted};
        const struct iovec remote = {(void*)(uintptr_t)(address + got), wanted};
        const ssize_t count = process_vm_readv(run.program, &local, 1, &remote, 1, 0);
        if (count <= 0) {
            break;
        }
        if (memchr(into + got, '\0', (size_t)count) != NULL) {
            return;
        }
        got += (size_t)count;
    }
    into[0] = '\0';
}

static void read_descriptor(int64_t descriptor, char* into, size_t capacity) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%lld", (int)run.program, (long long)(int32_t)descriptor);
    const ssize_t size = readlink(link, into, capacity - 1);
    into[size > 0 ? size : 0] = '\0';
}

/// The file that a call is about: a path, or what its descriptor stands for. Empty where it is about none.
static void read_subject(const struct call* call, const uint64_t* arguments, char* into, size_t capacity) {
    into[0] = '\0';
    switch (call->subject) {
        case no_file:
            return;
        case path_0:
            read_string(arguments[0], into, capacity);
            return;
        case path_1:
            read_string(arguments[1], into, capacity);
            if (into[0] == '\0') {
                // As of a descriptor, by AT_EMPTY_PATH.
                read_descriptor((int64_t)arguments[0], into, capacity);
            }
            return;
        case path_3:
            read_string(arguments[3], into, capacity);
            return;
        case descriptor_0:
            read_descriptor((int64_t)arguments[0], into, capacity);
            return;
        case descriptor_4:
            read_descriptor((int64_t)arguments[4], into, capacity);
            return;
    }
}

static bool is_at_or_below(const char* path, const char* directory) {
    const size_t size = strlen(directory);
    return strncmp(path, directory, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

static bool names_the_marker(const struct call* call, const uint64_t* arguments) {
    char path[largest_path];
    if (call == NULL) {
        return false;
    }
    read_subject(call, arguments, path, sizeof path);
    return is_at_or_below(path, run.marker);
}

/// Events, timers and signals have descriptors that are no files.
static bool counts(const struct call* call, const char* subject) {
    if (run.counted == every_call) {
        return true;
    }
    if (call == NULL || subject[0] == '\0' || strncmp(subject, "anon_inode:", 11) == 0) {
        return false;
    }
    return run.counted == calls_on_files || call->changes;
}

static void tell(pid_t id, const struct call* call, uint64_t number, const char* subject) {
    const int thread = (int)(thread_of(id) - run.threads);
    if (call != NULL) {
        fprintf(run.report, "%ld\t%d\t%s\t%s\n", run.number, thread, call->name, subject);
    } else {
        fprintf(run.report, "%ld\t%d\tcall %llu\t\n", run.number, thread, (unsigned long long)number);
    }
}

static void set_register(pid_t id, size_t offset, uint64_t value) {
    if (ptrace(PTRACE_POKEUSER, id, (void*)offset, (void*)(uintptr_t)value) != 0) {
        die("cannot change a register");
    }
}

/// Whether it would have transferred more.
static bool shorten_call(pid_t id, const struct call* call, const uint64_t* arguments) {
    static const size_t registers[] = {
        offsetof(struct user_regs_struct, rdi), offsetof(struct user_regs_struct, rsi),
        offsetof(struct user_regs_struct, rdx), offsetof(struct user_regs_struct, r10),
        offsetof(struct user_regs_struct, r8)};
    if (call == NULL || call->size_argument == 0 || arguments[call->size_argument] <= run.most_bytes) {
        return false;
    }
    set_register(id, registers[call->size_argument], run.most_bytes);
    return true;
}

/// The kernel skips a call that has no number; at its end the thread is given the error as its answer.
static void fail_call(pid_t id) {
    set_register(id, offsetof(struct user_regs_struct, orig_rax), UINT64_MAX);
    thread_of(id)->error = run.error;
}

static bool is_hit(uint64_t number) {
    if (run.action == list || run.action == shorten) {
        return false;
    }
    if (run.number == run.target) {
        run.spoilt_call = number;
        return true;
    }
    return run.action == errors_from && run.number > run.target && number == run.spoilt_call;
}

static void on_call(pid_t id, uint64_t number, const uint64_t* arguments) {
    const struct call* call = call_numbered(number);
    char subject[largest_path] = "";
    run.counting = run.counting || names_the_marker(call, arguments);
    if (!run.counting) {
        return;
    }
    if (call != NULL) {
        read_subject(call, arguments, subject, sizeof subject);
    }
    if (!counts(call, subject)) {
        return;
    }
    ++run.number;
    if (run.action == list || (run.action == shorten && shorten_call(id, call, arguments))) {
        tell(id, call, number, subject);
    } else if (is_hit(number)) {
        tell(id, call, number, subject);
        if (run.action == kill_at) {
            kill(run.program, SIGKILL);
        } else {
            fail_call(id);
        }
    }
}

static void on_answer(pid_t id) {
    struct thread* thread = thread_of(id);
    if (thread->error != 0) {
        set_register(id, offsetof(struct user_regs_struct, rax), (uint64_t) - (int64_t)thread->error);
        thread->error = 0;
    }
}

static void on_system_call(pid_t id) {
    struct __ptrace_syscall_info info;
    memset(&info, 0, sizeof info);
    if (ptrace(PTRACE_GET_SYSCALL_INFO, id, (void*)sizeof info, &info) <= 0) {
        return;  // It has been killed meanwhile.
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        on_call(id, info.entry.nr, (const uint64_t*)info.entry.args);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        on_answer(id);
    }
}

/// Whether the stop is the one that every new thread begins with.
static bool is_first_stop(pid_t id, int signal_number) {
    const int known = run.thread_count;
    thread_of(id);
    return run.thread_count > known && signal_number == SIGSTOP;
}

static void on_stop(pid_t id, int status) {
    const int signal_number = WSTOPSIG(status);
    int delivered = 0;
    if (signal_number == (SIGTRAP | 0x80)) {
        on_system_call(id);
    } else if (status >> 16 == 0 && !is_first_stop(id, signal_number)) {
        delivered = signal_number;
    }
    ptrace(PTRACE_SYSCALL, id, NULL, (void*)(intptr_t)delivered);
}

static void start_program(char** command) {
    run.program = fork();
    if (run.program < 0) {
        die("cannot fork");
    }
    if (run.program == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execv(command[0], command);
        die(command[0]);
    }
    int status = 0;
    if (waitpid(run.program, &status, 0) != run.program || !WIFSTOPPED(status)) {
        die("the program did not begin");
    }
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, run.program, NULL, (void*)options) != 0) {
        die("cannot trace the program");
    }
    thread_of(run.program);
    ptrace(PTRACE_SYSCALL, run.program, NULL, NULL);
}

/// The status that the program ended with.
static int follow_program(void) {
    int status = 0;
    int end = 0;
    pid_t id;
    while ((id = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (id > 0 && WIFSTOPPED(status)) {
            on_stop(id, status);
        } else if (id == run.program) {
            end = status;
        }
    }
    return end;
}

static void end_like(int status) {
    if (WIFSIGNALED(status)) {
        const struct rlimit no_dump = {0, 0};
        setrlimit(RLIMIT_CORE, &no_dump);
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    exit(WEXITSTATUS(status));
}

static void usage(void) {
    fputs(
        "usage: tamper REPORT MARKER all|file|change list|kill N|error N ERRNO|errors N ERRNO|shorten BYTES "
        "PROGRAM [ARGUMENT...]\n",
        stderr);
    exit(125);
}

static int position_in(const char* const* names, int count, const char* name) {
    for (int i = 0; i < count; ++i) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    usage();
    return -1;
}

/// Where the program stands among the arguments.
static int read_arguments(int count, char** arguments) {
    static const char* const classes[] = {"all", "file", "change"};
    static const char* const actions[] = {"list", "kill", "error", "errors", "shorten"};
    static const int numbers[] = {0, 1, 2, 2, 1};
    if (count < 6) {
        usage();
    }
    run.marker = arguments[2];
    run.counted = (enum class_of_calls)position_in(classes, 3, arguments[3]);
    run.action = (enum action)position_in(actions, 5, arguments[4]);
    const int program = 5 + numbers[run.action];
    if (program >= count) {
        usage();
    }
    if (run.action == shorten) {
        run.most_bytes = strtoull(arguments[5], NULL, 10);
    } else if (run.action != list) {
        run.target = strtol(arguments[5], NULL, 10);
    }
    if (numbers[run.action] == 2) {
        run.error = (int)strtol(arguments[6], NULL, 10);
    }
    run.report = fopen(arguments[1], "we");
    if (run.report == NULL) {
        die(arguments[1]);
    }
    return program;
}

int main(int count, char** arguments) {
    const int program = read_arguments(count, arguments);
    start_program(arguments + program);
    const int status = follow_program();
    if (fclose(run.report) != 0) {
        die(arguments[1]);
    }
    end_like(status);
}
