/*
 * Stands between a process and its disk (LD_PRELOAD). Files are watched when their path begins with SHIM_FILES.
 *
 *   SHIM_LOG    every change and sync goes to this file, in the order in which it happened
 *   SHIM_FAULT  a file of three words, "first count what", read again for every call: the changes and syncs from the
 *               `first`th on, `count` of them, fail with EIO, ENOSPC, EINTR or EROFS; are cut SHORT; or KILL the process
 *   SHIM_CLOCK  a file with a number of seconds, read again for every call, by which the wall clock is wrong
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct record { char kind; uint32_t name_bytes; uint64_t offset; uint64_t bytes; } __attribute__((packed));

static long changes;

static int log_fd(void) {
  static int fd = -2;
  if (fd == -2) {
    const char *path = getenv("SHIM_LOG");
    fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  }
  return fd;
}

static int watched_path(const char *path) {
  const char *prefix = getenv("SHIM_FILES");
  return prefix && strncmp(path, prefix, strlen(prefix)) == 0;
}

/* The path of a watched file, or 0. */
static int watched(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, size - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  return watched_path(path);
}

/* One write a record, so that records of several threads do not mix. */
static void note(char kind, const char *path, uint64_t offset, const void *bytes, uint64_t count) {
  int fd = log_fd();
  if (fd < 0) return;
  struct record head = { kind, (uint32_t)strlen(path), offset, bytes ? count : 0 };
  size_t size = sizeof head + head.name_bytes + head.bytes;
  char *all = malloc(size);
  memcpy(all, &head, sizeof head);
  memcpy(all + sizeof head, path, head.name_bytes);
  if (head.bytes) memcpy(all + sizeof head + head.name_bytes, bytes, head.bytes);
  syscall(SYS_write, fd, all, size);
  free(all);
}

/* 0, or the errno to fail with; -1 for a short write. */
static int fault(void) {
  const char *file = getenv("SHIM_FAULT");
  if (!file) return 0;
  long at = __atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST);
  char text[64] = { 0 }, what[16] = { 0 };
  int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  long first = 0, count = 0;
  if (n <= 0 || sscanf(text, "%ld %ld %15s", &first, &count, what) != 3) return 0;
  if (at < first || at >= first + count) return 0;
  if (!strcmp(what, "KILL")) syscall(SYS_kill, getpid(), SIGKILL);
  if (!strcmp(what, "SHORT")) return -1;
  if (!strcmp(what, "ENOSPC")) return ENOSPC;
  if (!strcmp(what, "EINTR")) return EINTR;
  if (!strcmp(what, "EROFS")) return EROFS;
  return EIO;
}

static ssize_t change(int fd, const void *bytes, size_t count, off_t offset, int positioned) {
  char path[4096];
  if (!watched(fd, path, sizeof path)) {
    return positioned ? syscall(SYS_pwrite64, fd, bytes, count, offset) : syscall(SYS_write, fd, bytes, count);
  }
  int problem = fault();
  if (problem > 0) { errno = problem; return -1; }
  size_t some = problem < 0 && count > 1 ? count / 2 : count;
  off_t at = positioned ? offset : lseek(fd, 0, SEEK_CUR);
  ssize_t done = positioned ? syscall(SYS_pwrite64, fd, bytes, some, offset) : syscall(SYS_write, fd, bytes, some);
  if (done > 0) note('w', path, (uint64_t)at, bytes, (uint64_t)done);
  return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return change(fd, bytes, count, offset, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) { return change(fd, bytes, count, offset, 1); }
ssize_t write(int fd, const void *bytes, size_t count) { return change(fd, bytes, count, 0, 0); }

static int sync_one(int fd, long call) {
  char path[4096];
  if (!watched(fd, path, sizeof path)) return (int)syscall(call, fd);
  int problem = fault();
  if (problem) { errno = problem < 0 ? EIO : problem; return -1; }
  /* No power is cut for real, so a real sync would only take time. */
  int done = log_fd() >= 0 || getenv("SHIM_FAULT") ? 0 : (int)syscall(call, fd);
  if (done == 0) note('s', path, 0, 0, 0);
  return done;
}

int fsync(int fd) { return sync_one(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_one(fd, SYS_fdatasync); }

static int cut(int fd, off_t size) {
  char path[4096];
  if (!watched(fd, path, sizeof path)) return (int)syscall(SYS_ftruncate, fd, size);
  int problem = fault();
  if (problem) { errno = problem < 0 ? EIO : problem; return -1; }
  int done = (int)syscall(SYS_ftruncate, fd, size);
  if (done == 0) note('t', path, (uint64_t)size, 0, 0);
  return done;
}

int ftruncate(int fd, off_t size) { return cut(fd, size); }
int ftruncate64(int fd, off64_t size) { return cut(fd, size); }

int unlink(const char *path) {
  int done = (int)syscall(SYS_unlink, path);
  if (done == 0 && watched_path(path)) note('u', path, 0, 0, 0);
  return done;
}

static time_t wrong_by(void) {
  const char *file = getenv("SHIM_CLOCK");
  if (!file) return 0;
  char text[32] = { 0 };
  int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  return (time_t)atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int done = (int)syscall(SYS_clock_gettime, clock, now);
  if (done == 0 && clock == CLOCK_REALTIME) now->tv_sec += wrong_by();
  return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int done = (int)syscall(SYS_gettimeofday, now, zone);
  if (done == 0) now->tv_sec += wrong_by();
  return done;
}
