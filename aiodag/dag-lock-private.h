/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A lock in the two lowest bits of a word, whose other bits are changed atomically.
 *
 * It is GLib's bit lock, but for a lock that no two threads ever wanted at the same time: that is
 * taken and given back in place, which takes a fourth of the instructions. Who finds it taken says
 * so, for good, and from then on it is left to GLib, which knows how to wait and whom to wake.
 */

enum {
  DAG_LOCK_BIT    = 0,
  DAG_LOCK_HELD   = 1 << DAG_LOCK_BIT,
  DAG_LOCK_SHARED = 1 << 1,  /* somebody had to wait for it once */
};

/* Whether it is nothing but GLib's. The thread sanitizer knows that as a lock, and finds deadlocks. */
#ifndef DAG_LOCK_IS_GLIBS
#if defined (__SANITIZE_THREAD__)
#define DAG_LOCK_IS_GLIBS 1
#elif defined (__has_feature)
#if __has_feature (thread_sanitizer)
#define DAG_LOCK_IS_GLIBS 1
#endif
#endif
#endif
#ifndef DAG_LOCK_IS_GLIBS
#define DAG_LOCK_IS_GLIBS 0
#endif

static inline void
dag_lock (gint *word)
{
  if (!DAG_LOCK_IS_GLIBS)
    {
      if (G_LIKELY (!(__atomic_fetch_or (word, DAG_LOCK_HELD, __ATOMIC_ACQUIRE) & DAG_LOCK_HELD)))
        return;

      __atomic_fetch_or (word, DAG_LOCK_SHARED, __ATOMIC_RELAXED);
    }

  g_bit_lock (word, DAG_LOCK_BIT);
}

static inline void
dag_unlock (gint *word)
{
  if (!DAG_LOCK_IS_GLIBS)
    {
      gint old = __atomic_load_n (word, __ATOMIC_RELAXED);

      while (G_LIKELY (!(old & DAG_LOCK_SHARED)))
        if (G_LIKELY (__atomic_compare_exchange_n (word, &old, old & ~DAG_LOCK_HELD, TRUE,
                                                   __ATOMIC_RELEASE, __ATOMIC_RELAXED)))
          return;
    }

  g_bit_unlock (word, DAG_LOCK_BIT);
}

G_END_DECLS
