/*
 * Preloaded (LD_PRELOAD) into what runs in the worker's container before any agent does: the init and the worker.
 *
 * A process of the same user can otherwise read their environment, memory and descriptors in /proc, and with them the
 * task role's credentials. A process that isn't dumpable can't be looked into, nor traced, without a capability that
 * the container doesn't have. Node has no call for it, and an exec resets it, so it is done from inside, by this.
 *
 * Agents' processes get an environment without LD_PRELOAD: they stay as they are.
 *
 * The init also gets a mark, by which the worker tells what comes from the init, agents that have gone astray among it,
 * from what was started in the container from outside (src/agents/process/escapee-watch.ts): a hard limit that nobody has by
 * chance, on POSIX message queues, which nobody needs. It is inherited, and without a capability nobody can raise it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MARK 810913

static void mark(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_MSGQUEUE, &limit) != 0 || limit.rlim_max < MARK) return;
  limit.rlim_cur = limit.rlim_max = MARK;
  setrlimit(RLIMIT_MSGQUEUE, &limit);
}

__attribute__((constructor)) static void undumpable(void) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (getpid() == 1 && strcmp(program_invocation_short_name, "tini") == 0) mark();
}
