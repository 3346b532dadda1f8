/*
 * Preloaded (LD_PRELOAD) into what runs in the worker's container before any agent does: the init and the worker.
 *
 * A process of the same user can otherwise read their environment, memory and descriptors in /proc, and with them the
 * task role's credentials. A process that isn't dumpable can't be looked into, nor traced, without a capability that
 * the container doesn't have. Node has no call for it, and an exec resets it, so it is done from inside, by this.
 *
 * Agents' processes get an environment without LD_PRELOAD: they stay as they are.
 */
#include <sys/prctl.h>

__attribute__((constructor)) static void undumpable(void) { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
