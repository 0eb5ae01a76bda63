/* Makes one chosen call of a program fail, write only half, or be its last: loaded with LD_PRELOAD.
 *
 * Only calls that touch FAULT_FOLDER count, and all of them are written to FAULT_LOG, one a line:
 * number, name, path, result. What the program prints is noted there too, without a number, so that
 * one can see what was on disk when it was said. Some libraries make system calls without the C
 * library, so the kernel is asked to hand all calls of interest back to us (seccomp, SIGSYS).
 *
 *   FAULT_AT     the number of the call, from 1; without it all calls do as they should
 *   FAULT_KIND   fail   it fails with FAULT_ERRNO and does nothing (a close does its work first)
 *                gone   it and every later one fails with FAULT_ERRNO
 *                full   what needs space fails with FAULT_ERRNO from here on; a write writes half
 *                short  a write writes half and says so
 *                kill   the program is killed in place of the call
 *                tear   a write writes half, then the program is killed
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

/* The sixth argument of our own calls; none of them has one, so the kernel does not look at it. */
#define OURS 0x5eed1e55UL

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define ARGUMENT(c, i) ((c)->uc_mcontext.gregs[(int[]){REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8}[i]])
#define RESULT(c) ((c)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define ARGUMENT(c, i) ((c)->uc_mcontext.regs[i])
#define RESULT(c) ((c)->uc_mcontext.regs[0])
#else
#error "this processor's registers are not known here"
#endif

enum touch { FD, PATH, AT, PATHS, ATS };

static const struct call {
    long number;
    const char *name;
    enum touch touch;
} calls[] = {
    {SYS_write, "write", FD},
    {SYS_writev, "write", FD},
    {SYS_pwrite64, "write", FD},
    {SYS_fsync, "sync", FD},
    {SYS_fdatasync, "sync", FD},
    {SYS_ftruncate, "truncate", FD},
    {SYS_fallocate, "allocate", FD},
    {SYS_fchmod, "chmod", FD},
    {SYS_flock, "lock", FD},
    {SYS_close, "close", FD},
    {SYS_openat, "open", AT},
    {SYS_unlinkat, "unlink", AT},
    {SYS_mkdirat, "mkdir", AT},
    {SYS_linkat, "link", ATS},
    {SYS_renameat2, "rename", ATS},
#ifdef SYS_renameat
    {SYS_renameat, "rename", ATS},
#endif
#ifdef SYS_open
    {SYS_open, "open", PATH},
    {SYS_creat, "open", PATH},
    {SYS_unlink, "unlink", PATH},
    {SYS_mkdir, "mkdir", PATH},
    {SYS_link, "link", PATHS},
    {SYS_rename, "rename", PATHS},
#endif
    /* Copies within the kernel are refused: programs then read and write. */
    {SYS_copy_file_range, "", FD},
    {SYS_sendfile, "", FD},
};
#define CALLS (sizeof calls / sizeof calls[0])

static char folder[4096], here[4096];
static const char *kind = "";
static long fault_at, fault_errno;
static long counted;
static int log_fd = -1;

static long ours(long number, long a, long b, long c, long d, long e) {
    long result = syscall(number, a, b, c, d, e, OURS);
    return result == -1 ? -errno : result;
}

static void note(const char *text, size_t length) {
    if (log_fd >= 0) ours(SYS_write, log_fd, (long)text, (long)length, 0, 0);
}

/* Puts the whole path of a file into `to`; false if it neither lies in the folder nor holds it. */
static int find(long directory, const char *path, char *to, size_t size) {
    if (path == NULL) {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", (int)directory);
        ssize_t length = readlink(link, to, size - 1);
        to[length < 0 ? 0 : length] = '\0';
    } else if (path[0] == '/') {
        snprintf(to, size, "%s", path);
    } else if ((int)directory == AT_FDCWD) {
        snprintf(to, size, "%s/%s", here, path);
    } else {
        char base[2048];
        find(directory, NULL, base, sizeof base);
        snprintf(to, size, "%s/%s", base, path);
    }
    size_t length = strlen(folder), above = (size_t)(strrchr(folder, '/') - folder), found = strlen(to);
    while (found > 1 && (to[found - 1] == '/' || to[found - 1] == '.')) to[--found] = '\0';
    if (found == above && strncmp(to, folder, above) == 0) return 1;
    return strncmp(to, folder, length) == 0 && (to[length] == '/' || to[length] == '\0');
}

static void note_told(const char *text, size_t length) {
    char line[512];
    size_t at = (size_t)snprintf(line, sizeof line, "told ");
    for (size_t i = 0; i < length && at < sizeof line - 1; i++) {
        line[at++] = text[i] == '\n' ? ' ' : text[i];
    }
    line[at++] = '\n';
    note(line, at);
}

static int is_a(const struct call *call, const char *name) { return strcmp(call->name, name) == 0; }

static long half(const struct call *call, const long *a) {
    if (call->number == SYS_writev) {
        struct iovec part = ((struct iovec *)a[1])[0];
        return ours(SYS_write, a[0], (long)part.iov_base, (long)(part.iov_len + 1) / 2, 0, 0);
    }
    return ours(call->number, a[0], a[1], (a[2] + 1) / 2, a[3], a[4]);
}

static long faulty(const struct call *call, const long *a, int creates) {
    int is_write = is_a(call, "write"), is_here = counted == fault_at;
    if (strcmp(kind, "short") == 0) return half(call, a);
    if (strcmp(kind, "kill") == 0 || strcmp(kind, "tear") == 0) {
        if (is_write && kind[0] == 't') half(call, a);
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (strcmp(kind, "full") == 0) {
        int needs_space = creates || is_write || is_a(call, "mkdir") || is_a(call, "link");
        if (is_write && is_here) return half(call, a);
        if (!needs_space) return ours(call->number, a[0], a[1], a[2], a[3], a[4]);
    }
    if (is_a(call, "close")) ours(call->number, a[0], 0, 0, 0, 0);
    return -fault_errno;
}

static long answer(const struct call *call, const long *a) {
    char first[4200], second[4200] = "", line[9000];
    int touches, creates = 0;
    if (call->name[0] == '\0') return -ENOSYS;
    switch (call->touch) {
    case FD: touches = find(a[0], NULL, first, sizeof first); break;
    case PATH: touches = find(AT_FDCWD, (char *)a[0], first, sizeof first); break;
    case AT: touches = find(a[0], (char *)a[1], first, sizeof first); break;
    case PATHS:
        touches = find(AT_FDCWD, (char *)a[0], first, sizeof first);
        touches |= find(AT_FDCWD, (char *)a[1], second, sizeof second);
        break;
    default:
        touches = find(a[0], (char *)a[1], first, sizeof first);
        touches |= find(a[2], (char *)a[3], second, sizeof second);
    }
    if (!touches) {
        long done = ours(call->number, a[0], a[1], a[2], a[3], a[4]);
        if (call->number == SYS_write && (a[0] == 1 || a[0] == 2) && done > 0)
            note_told((char *)a[1], (size_t)done);
        return done;
    }
    const char *name = call->name;
    if (is_a(call, "open")) {
        long flags = call->touch == AT ? a[2] : a[1];
        creates = (flags & O_CREAT) != 0;
        name = (flags & (O_WRONLY | O_RDWR | O_CREAT)) ? "open" : "look";
    }
    counted++;
    int is_faulty = fault_at > 0 && (counted == fault_at || (counted > fault_at &&
                     (strcmp(kind, "gone") == 0 || strcmp(kind, "full") == 0)));
    int length = snprintf(line, sizeof line, "%ld %s %s%s%s ", counted, name, first,
                          second[0] ? " -> " : "", second);
    note(line, (size_t)length);
    long done = is_faulty ? faulty(call, a, creates)
                          : ours(call->number, a[0], a[1], a[2], a[3], a[4]);
    length = snprintf(line, sizeof line, "= %ld\n", done);
    note(line, (size_t)length);
    return done;
}

static void trapped(int signal, siginfo_t *info, void *context) {
    (void)signal;
    ucontext_t *c = context;
    int saved = errno;
    long a[5];
    for (int i = 0; i < 5; i++) a[i] = (long)ARGUMENT(c, i);
    for (size_t i = 0; i < CALLS; i++) {
        if (calls[i].number == info->si_syscall) {
            RESULT(c) = answer(&calls[i], a);
            break;
        }
    }
    errno = saved;
}

static void give_up(const char *what) {
    fprintf(stderr, "the shim cannot %s: %s\n", what, strerror(errno));
    _exit(99);
}

__attribute__((constructor)) static void start(void) {
    const char *in = getenv("FAULT_FOLDER"), *log = getenv("FAULT_LOG");
    if (in == NULL) return;
    snprintf(folder, sizeof folder, "%s", in);
    if (getcwd(here, sizeof here) == NULL) give_up("tell where it is");
    if (getenv("FAULT_AT")) fault_at = atol(getenv("FAULT_AT"));
    if (getenv("FAULT_KIND")) kind = getenv("FAULT_KIND");
    if (getenv("FAULT_ERRNO")) fault_errno = atol(getenv("FAULT_ERRNO"));
    if (log) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
        log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 200);
        if (log_fd < 0) give_up("write its log");
        close(fd);
    }
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSYS, &action, NULL) != 0) give_up("hear SIGSYS");

    struct sock_filter filter[8 + 2 * CALLS];
    unsigned short at = 0;
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]));
    filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OURS, 0, 1);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CALLS; i++) {
        filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0, 1);
        filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    }
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = at, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("give up privileges");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) give_up("filter system calls");
}
