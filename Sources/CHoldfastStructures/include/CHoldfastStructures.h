// What HoldfastStructures needs and Swift cannot say: a pointer of the thread's own, a barrier for the compiler alone, and
// the kernel's barrier for every thread of the process.
#ifndef CHOLDFAST_STRUCTURES_H
#define CHOLDFAST_STRUCTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

extern _Thread_local void *_Nullable holdfast_own_thread_slot;

// The pointer that this thread has kept; null until it keeps one.
static inline void *_Nullable holdfast_thread_slot(void) { return holdfast_own_thread_slot; }

// Keeps a pointer for this thread. `release` is called with it when the thread ends; it is the same function for all.
// False when the system has no room for it; then nothing is kept.
bool holdfast_keep_thread_slot(void *_Nonnull slot, void (*_Nonnull release)(void *_Nonnull));

// Keeps the compiler from moving loads and stores across it. The processor may.
static inline void holdfast_compiler_barrier(void) { __asm__ __volatile__("" ::: "memory"); }

// Says that what is there will be read soon, or written. A hint: the address need not be one.
static inline void holdfast_will_read(const void *_Nullable address) { __builtin_prefetch(address, 0); }
static inline void holdfast_will_write(const void *_Nullable address) { __builtin_prefetch(address, 1); }

// Whether `holdfast_membarrier` works in this process. Cheap after the first call.
bool holdfast_has_membarrier(void);

// When it returns, every other thread of the process has executed a full barrier since it was called.
// False where the kernel refuses.
bool holdfast_membarrier(void);

#endif
