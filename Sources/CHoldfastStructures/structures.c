#define _GNU_SOURCE
#include "CHoldfastStructures.h"

#include <pthread.h>

_Thread_local void *holdfast_own_thread_slot = NULL;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key = false;
static void (*release_slot)(void *) = NULL;

static void thread_ends(void *slot) {
  // Another destructor of the thread may still read: it takes a new slot then.
  holdfast_own_thread_slot = NULL;
  __atomic_load_n(&release_slot, __ATOMIC_ACQUIRE)(slot);
}

static void make_key(void) { has_key = pthread_key_create(&key, thread_ends) == 0; }

bool holdfast_keep_thread_slot(void *slot, void (*release)(void *)) {
  __atomic_store_n(&release_slot, release, __ATOMIC_RELEASE);
  pthread_once(&once, make_key);
  if (!has_key || pthread_setspecific(key, slot) != 0) return false;
  holdfast_own_thread_slot = slot;
  return true;
}

#ifdef __linux__
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_once_t registered_once = PTHREAD_ONCE_INIT;
static bool registered = false;

static void register_once(void) {
  registered = syscall(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

bool holdfast_has_membarrier(void) {
  pthread_once(&registered_once, register_once);
  return registered;
}

bool holdfast_membarrier(void) {
  return syscall(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}
#else
bool holdfast_has_membarrier(void) { return false; }
bool holdfast_membarrier(void) { return false; }
#endif
